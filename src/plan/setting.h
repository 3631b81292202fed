// Settings: small frames in which people use what an operation gives, such as a comparison with a
// reference, statistics of a batch or a readout. A program that features rare operations gets one,
// so that the whole has a purpose which its name and its docstring say.
//
//   setting("range", kReduction, 1.0, Derivative::kSmooth, reals(1, 4),
//           [](Idiom& i, const Featured& f) {
//             f.called(i, "range", {"span"});
//             i.summary("Range of " + f.noun + ".");
//             i.let({"range"}, "jnp.ptp($0)", {f.id}, Type{f.type.dtype, {}}, {0, f.reach});
//           });
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "plan/idiom.h"

namespace jaxsmith::plan {

// What a setting is put around: a value that nothing uses yet.
struct Featured {
  ValueId id = kNoValue;
  Type type;
  Interval range;    // where its elements lie in practice
  double reach = 0;  // the largest magnitude there
  std::string noun;  // for a sentence: "log density", "squashed values"
  std::string stem;  // the same for an identifier; empty where it says only what was done
  int rank() const { return type.rank(); }
  Type with(Shape shape) const { return {type.dtype, std::move(shape)}; }
  // Names the function after it, then as others would: "log_density_error", "rms_error".
  void called(Idiom& i, const std::string& what, Idiom::Words otherwise) const;
};

// Real elements of a magnitude that squares bear, of so many axes.
Accept reals(int min_rank, int max_rank);

// An entry that goes on with a value that fits; it fails where there is none.
Op setting(std::string name, Category category, double weight, Derivative derivative, Accept fits,
           std::function<void(Idiom&, const Featured&)> write);

bool has_settings(const Catalogue& catalogue);

// Draws what a family features; false where it does not apply. `alone`: on new arguments only.
using DrawFeatured = std::function<bool(const Op& op, bool alone)>;
// Whether the open root shows the category of the family already.
using ShowsCategory = std::function<bool()>;

// Fills the open root with what the family features, each going on with the one before where it
// can, and with a setting of what they give.
bool fill_with_setting(Builder& b, Category category, std::span<const Op* const> featured,
                       const DrawFeatured& draw, const ShowsCategory& shows);

}  // namespace jaxsmith::plan
