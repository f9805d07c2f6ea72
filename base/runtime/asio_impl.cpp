// The compiled half of Boost.Asio, once a program: BOOST_ASIO_SEPARATE_COMPILATION keeps it out of
// every other file that includes Asio.
#include <boost/asio/impl/src.hpp>
