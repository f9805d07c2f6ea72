// A detector's model as a file, and which of its metrics a table has.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "schemas/wire/model.h"

namespace bw::cli {

// Fails with the file and the reason: not there, too large, truncated, foreign, of a newer version.
Result<wire::Model> read_model(const std::string& path);
// The file is there whole or not at all.
Result<void> write_model(const std::string& path, const wire::Model& model);

// Where the metrics of a table stand among all that the detector has: the model's, in its order,
// then those that only the table has.
struct MetricPlaces {
  std::vector<std::string> names;
  std::vector<std::size_t> of;       // by metric of the table
  std::vector<std::string> missing;  // of the model, that the table does not have
};
// Fails where a model and the table have no metric in common, or too many together.
Result<MetricPlaces> place_metrics(const std::vector<std::string>& of_model,
                                   const std::vector<std::string>& of_table,
                                   const std::string& model_path);

}  // namespace bw::cli
