// From one frame to the next with as few bytes as are needed: only lines that changed are written
// again, so nothing flickers. Pure: the bytes are the caller's to send.
#pragma once

#include <string>
#include <vector>

#include "coordinator/cli/top_state.h"

namespace bw::cli {

class ScreenPainter {
 public:
  // What makes the screen show `lines`; empty where it does already.
  std::string update(const std::vector<std::string>& lines, TopSize size);
  // The screen may show anything: the next update writes all of it.
  void forget() { known_ = false; }

 private:
  std::vector<std::string> shown_;
  TopSize size_;
  bool known_ = false;
};

}  // namespace bw::cli
