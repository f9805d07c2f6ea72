// bellwether: the operator's command line, over the coordinator's API.
#include "coordinator/cli/run.h"

int main(int argc, char** argv) {
  return bw::cli::run({argv + 1, argv + argc});
}
