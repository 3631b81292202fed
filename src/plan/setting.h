// Settings: small frames in which people use an operation. A program that features a rare operation
// is about it: its operand has a role, such as an angle or a variance, which comes about as such
// data do; the operation is applied; and a setting says what for, such as a comparison with a
// reference, statistics of a batch or a readout, which name and docstring say of the whole.
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
#include <string>
#include <vector>

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

// The same setting, of values that are called so: it would fit any by its type. "any" where that
// says enough, or what the setting asks itself. A setting that says nothing is drawn around none.
Op for_values_called(std::vector<std::string> words, Op setting);

// An entry that says of what the open root gives what it is, where no setting has: `say` gives of
// all that it gives names of a function that does just that, and a sentence.
struct Said {
  std::vector<std::string> names;
  std::string sentence;
};
Op words_of_results(
    std::string name, Category category,
    std::function<std::optional<Said>(const Builder&, const std::vector<ValueId>&)> say);

// An entry that makes what these entries take: in an empty root, arguments and mostly a step or
// two. `words`: what values of that kind are called, so that such an entry may go on with one.
Op role(std::string name, Category category, std::vector<std::string> entries,
        std::vector<std::string> words, std::function<void(Idiom&)> write);

bool is_role(const Op& op);

// An entry that makes of a call, which is all of the open root, another use of the function: a map
// over it, its gradient. False where it does not apply.
Op use_of_function(std::string name, Category category, std::function<bool(Idiom&)> use);

// What the open root has computed and nothing uses yet.
std::vector<ValueId> computed_ends(const Builder& b);

// A value in a sentence, by what it is called: "the log density"; nothing where that says little.
std::optional<std::string> noun_of(const Builder& b, ValueId id);

// Whether one of its names is among the words.
bool goes_by(const Value& v, const std::vector<std::string>& words);

bool has_settings(const Catalogue& catalogue);

// A setting goes on with the one value that the open root leaves over; false where none does.
bool go_on_with_purpose(Builder& b);

// Draws what a family features, on any operands; false where it does not apply.
using DrawFeatured = std::function<bool()>;
// Whether the open root shows the category of the family already.
using ShowsCategory = std::function<bool()>;

// Fills the open root with what the family features, on operands of its role, now and then with
// another entry that goes on with a value of its own kind, and with a setting of what that gives.
// `beside`: an idiom of the category may go on with it too.
bool fill_with_setting(Builder& b, Category category, const Op& featured, const DrawFeatured& draw,
                       const ShowsCategory& shows, bool beside);

}  // namespace jaxsmith::plan
