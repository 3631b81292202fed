// What programs are about that do not begin with an idiom: roles and settings.
#include "plan/setting.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "backend/backend.h"
#include "plan/builder.h"
#include "plan/catalogue.h"
#include "plan/jax/sayings.h"

namespace jaxsmith::plan {
namespace {

const Catalogue& catalogue() { return backend::backend_named("jax")->catalogue(); }

TEST(Setting, RolesServeEntriesThatThereAre) {
  std::size_t served = 0;
  for (const Op& op : catalogue().ops()) {
    const bool serves =
        op.has(kSetting) && !op.hints.empty() && op.hints[0] != "general" && op.hints[0] != "says";
    if (!serves || is_preparation(op)) continue;
    for (const std::string& hint : op.hints) {
      if (hint.starts_with("of ") || hint == "use") continue;
      EXPECT_NE(catalogue().find(hint), nullptr) << op.name << " serves " << hint;
      ++served;
    }
  }
  EXPECT_GT(served, 150U);
}

// A root that takes x and does one thing.
Saying said(const std::string& spelling, const std::string& op) {
  Program program;
  program.catalogue = &catalogue();
  Settings settings;
  settings.catalogue = &catalogue();
  settings.dtypes = {DType::kF32}, settings.sizes = {3, 4, 5};
  Builder b(program, settings, Random(1, 1));
  Saying out;
  Builder::BodySpec spec;
  spec.parameters = {
      {{DType::kF32, {4}}, uniform_stats(b.random(), -1, 1, false), "x", 1, 1, 0, 1}};
  b.body(spec, [&](const std::vector<ValueId>& given) {
    const auto made = b.apply(op, {given[0]});
    if (!made) return false;
    auto& nodes = program.bodies.back().nodes;
    nodes.back().spelling = spelling;
    if (const auto saying = saying_of(b, *made)) out = *saying;
    b.set_results({*made});
    return true;
  });
  return out;
}

TEST(Setting, WhatCallsGiveIsReadOffThem) {
  EXPECT_EQ(said("jnp.sin($0)", "sin").phrase, "sine of `$0`");
  EXPECT_EQ(said("jnp.abs(jnp.fft.fft($0))", "sin").phrase,
            "magnitude of the discrete Fourier transform of `$0`");
  EXPECT_EQ(said("jax.scipy.stats.cauchy.logpdf($0, loc=0.5)", "sin").phrase,
            "log density of a Cauchy distribution at `$0`");
  EXPECT_EQ(said("jnp.sin(2.0 * $0)", "sin").phrase, "sine of `2.0 * $0`");
  EXPECT_EQ(said("jnp.sum($0, axis=0)", "sin").phrase, "sum of `$0`");
  // What an option changes is no longer what the words say.
  EXPECT_EQ(said("jnp.sum($0, initial=1.0)", "sin").phrase, "");
  EXPECT_EQ(said("jnp.sum($0, where=$0 > 0.0)", "sin").phrase,
            "sum of `$0` where `$0 > 0.0` holds");
  EXPECT_EQ(said("$0 @ $0", "sin").phrase, "matrix product of `$0` and `$0`");
  EXPECT_EQ(said("jnp.linalg.slogdet($0)[1]", "sin").phrase,
            "logarithm of the absolute determinant of `$0`");
  EXPECT_EQ(said("jnp.sin($0)[0]", "sin").phrase, "");
  EXPECT_EQ(said("lax.max($0, $0)", "sin").phrase, "");
  EXPECT_EQ(said("lax.cumsum($0, reverse=True)", "sin").phrase,
            "running sum of `$0` from the end on");
  EXPECT_EQ(said("jnp.multiply.reduce($0)", "sin").phrase, "product of `$0`");
  EXPECT_EQ(said("$0.at[1:].add(2.0)", "sin").phrase, "`$0` with 2.0 added at `[1:]`");
  EXPECT_EQ(said("jnp.round($0, decimals=2)", "sin").phrase, "`$0` rounded to two decimals");
}

TEST(Setting, WhatAnyValueFitsIsForThoseOfItsWords) {
  const Op& statistics = catalogue().named("distribution");
  EXPECT_NE(std::ranges::find(statistics.hints, "readings"), statistics.hints.end());
  EXPECT_EQ(std::ranges::find(statistics.hints, "bessel"), statistics.hints.end());
}

}  // namespace
}  // namespace jaxsmith::plan
