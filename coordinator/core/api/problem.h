// Answers that say what went wrong: problem documents after RFC 9457.
#pragma once

#include <string_view>

#include "coordinator/core/api/http.h"

namespace bw::coordinator::api {

// `detail` is for the person who asked; `parameter`, where not empty, names the culprit.
Response problem(int status, std::string_view detail, std::string_view instance,
                 std::string_view parameter = {});

std::string_view title_of(int status);

}  // namespace bw::coordinator::api
