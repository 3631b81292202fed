// What programs are about that do not begin with an idiom: roles and settings.
#include "plan/setting.h"

#include <gtest/gtest.h>

#include "backend/backend.h"
#include "plan/catalogue.h"

namespace jaxsmith::plan {
namespace {

const Catalogue& catalogue() { return backend::backend_named("jax")->catalogue(); }

TEST(Setting, RolesServeEntriesThatThereAre) {
  std::size_t served = 0;
  for (const Op& op : catalogue().ops()) {
    if (!op.has(kSetting)) continue;
    for (const std::string& hint : op.hints) {
      if (hint.starts_with("of ") || hint == "use") continue;
      EXPECT_NE(catalogue().find(hint), nullptr) << op.name << " serves " << hint;
      ++served;
    }
  }
  EXPECT_GT(served, 150U);
}

}  // namespace
}  // namespace jaxsmith::plan
