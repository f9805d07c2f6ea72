// The models in the store's file, and what nodes and classes are wished to run.
#pragma once

#include "base/result.h"
#include "base/runtime/sqlite.h"
#include "coordinator/core/models.h"
#include "coordinator/core/records.h"

namespace bw::coordinator {

// All but the payloads. Rows that can't be what was written are left out.
Result<StoredModels> load_models(Database& database);

// Carries out changes, within a transaction of the writer's.
class StoreModels {
 public:
  static Result<StoreModels> open(Database& database);

  Result<void> put(const PutModel& change);
  Result<void> drop(const DropModel& change);
  // `key`: of the node's row.
  Result<void> put(const PutWish& change, std::int64_t key);
  Result<void> put(const PutClassWish& change);

 private:
  Statement put_model_, put_name_, drop_model_, put_wish_, put_class_;
};

}  // namespace bw::coordinator
