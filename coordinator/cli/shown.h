// What a command printed, and how it ended.
#pragma once

#include <string>

namespace bw::cli {

struct Shown {
  int code = 0;           // of the program
  std::string out;        // to be printed, whatever the code
  std::string trouble;    // where not empty: why the code is not 0, for stderr
  bool is_usage = false;  // of wrong flags: then the help is named too
};

}  // namespace bw::cli
