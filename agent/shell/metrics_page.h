// The table of metrics for readers: what --metrics prints.
#pragma once

#include <string>

namespace bw::agent {

// Markdown: a heading and one row a metric.
std::string metrics_page();

}  // namespace bw::agent
