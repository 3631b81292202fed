// What entries of distributions, scipy and random numbers share, and the forms in which they give a
// parameter: a number or an array, positional or by name. Plainer calls are rows of call_table.h.
#pragma once

#include <string>
#include <vector>

#include "plan/idiom.h"
#include "plan/jax/catalogue.h"
#include "plan/jax/idiom_forms.h"

namespace jaxsmith::plan {

std::vector<Op> random_ops();       // ops_random.cc
std::vector<Op> statistics_ops();   // ops_statistics.cc, ops_statistics_samples.cc
std::vector<Op> scipy_ops();        // ops_scipy.cc, ops_scipy_linalg.cc, ops_scipy_signal.cc
std::vector<Op> custom_rule_ops();  // ops_custom_rules.cc

// In which forms people give a parameter.
enum CallForm : std::uint32_t {
  kNumber = 1u << 0,   // a number in the source
  kOne = 1u << 1,      // one value for all elements
  kEach = 1u << 2,     // an array of the data's shape
  kColumns = 1u << 3,  // one value for each place along the last axis
  kAnyForm = kNumber | kOne | kEach | kColumns,
};

struct CallParameter {
  std::string name;
  Idiom::Words roles;
  Interval range;
  std::uint32_t forms = kAnyForm;
};

// Whether a distribution may be moved and stretched, so that the data stay where it has mass.
enum class LocScale { kNone, kScale, kWider, kNarrower, kBoth };

// A short number that a person would write.
std::string number_in(Idiom& i, Interval range);
// The same way of writing a module throughout a program: "jax.scipy.", "jsp.".
std::string scipy_prefix(const Idiom& i);
std::string random_prefix(const Idiom& i);
// ", dtype=jnp.float16" where JAX would give another type than this program's.
std::string dtype_option(Idiom& i, DType given, DType otherwise);
// Few elements of few values may stay what they are.
void hide_if_few(Idiom& i, ValueId id, std::int64_t enough = 8);
// Only what is sure to show in the other value is in this one.
void sure_as(Idiom& i, ValueId id, ValueId other);
// A square matrix's product with its transpose, as the text says, and something on the diagonal:
// positive definite.
ValueId with_ridge(Idiom& i, Idiom::Words names, const std::string& gram, const std::string& ridge,
                   ValueId factor);
// How many elements a convolution has.
std::int64_t convolved_length(const std::string& mode, std::int64_t data, std::int64_t taps);

// Arguments of a call: collects operands and text.
class CallText {
 public:
  CallText(Idiom& i, ValueId data);
  // Draws a form for the parameter; keyword: from here on by name.
  void add(const CallParameter& p, bool keyword);
  void add_text(const std::string& text) { text_ += ", " + text; }
  const std::string& text() const { return text_; }
  const Idiom::Ids& operands() const { return operands_; }
  Shape shape() const { return shape_; }

 private:
  Idiom& i_;
  ValueId data_;
  std::string text_ = "$0";
  Idiom::Ids operands_;
  Shape shape_;
};

// "loc=…, scale=…" as the row allows; whether any is given.
bool add_loc_scale(Idiom& i, CallText& call, LocScale kind, bool keyword);

}  // namespace jaxsmith::plan
