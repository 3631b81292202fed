// What becomes of the parts of a program where it is changed (ir/common/mutation.h): numbers,
// words, operations and names of values. The same for all levels.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "ir/common/elementwise.h"

namespace jaxsmith::ir {

// Each gives nothing where there is no other.

// Small steps, 0 and 1; as the type holds them. bool: the other one.
std::optional<std::int64_t> other_integer(std::int64_t value, tensor::DType dtype, Random& random);
// Twice, half, the negative, one more, 0 or 1, rounded to the type: always a finite number.
std::optional<double> other_real(double value, tensor::DType dtype, Random& random);
// One number becomes another, or two change places. False where there are none.
bool change_integers(std::span<std::int64_t> numbers, Random& random);
// The text with that done to the whole numbers in it; digits of names (f32, bf01) stay as they are.
// `joined`: numbers may stand together as in HLO's 0_1x2_2.
std::optional<std::string> with_other_numbers(std::string_view text, bool joined, Random& random);
// Another of the words that may stand in this one's place: LT for GT, TRANSPOSE for ADJOINT.
std::optional<std::string> other_word(std::string_view word, Random& random);
// Of the elements of a constant one becomes another: of the array's own type.
std::optional<tensor::Array> with_other_element(const tensor::Array& array, Random& random);

// An operation on each element (tensor/elementwise.def) that takes the same types and gives the
// same: its first name in the language. Those of StableHLO's own dialect take one another's place,
// and so do the others. `reduces`: one that may be applied in any order and grouping.
std::optional<std::string_view> other_operation(Language language, std::string_view name,
                                                std::span<const tensor::DType> operands,
                                                tensor::DType result, bool reduces, Random& random);

// Whether the operands of an operation on each element may be exchanged.
bool commutes(Language language, std::string_view name);

// Values by the place at which they come to be seen, with the place from which on they are not:
// what a place may refer to is asked for only where it is drawn.
template <class Id>
class Scopes {
 public:
  using Place = std::size_t;
  Place here() const { return values_.size(); }
  void add(Id value) { values_.push_back({std::move(value), kOpen}); }
  // What was added since is seen no more.
  void close(Place since) {
    for (Place p = since; p < values_.size(); ++p)
      if (values_[p].end == kOpen) values_[p].end = values_.size();
  }
  template <class Wanted>
  std::vector<Id> seen(Place from, Wanted wanted) const {
    std::vector<Id> out;
    for (Place p = 0; p < from; ++p)
      if (values_[p].end > from && wanted(values_[p].value)) out.push_back(values_[p].value);
    return out;
  }

 private:
  static constexpr Place kOpen = static_cast<Place>(-1);
  struct Entry {
    Id value;
    Place end;
  };
  std::vector<Entry> values_;
};

}  // namespace jaxsmith::ir
