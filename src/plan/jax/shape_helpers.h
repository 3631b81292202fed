// What the array and the indexing entries share: values whose elements are some of another value's,
// axes as Python text, indices in bounds.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/builder.h"

namespace jaxsmith::plan {

// Elements of x in the same order, in another shape.
Value with_shape(const Value& x, Shape shape);
// Elements of x in other places: nothing cancels where it meets x. What is moved alike has the same
// `shift`.
Value rearranged(const Value& x, Shape shape, std::int64_t shift);
// Elements of x, a share of them replaced by a constant.
Stats with_constant(const Stats& x, double constant, double share);
// Elements of several values side by side.
Stats joined_stats(const Builder& b, const std::vector<ValueId>& values);

// Arguments that surely show in every single element: what is left of Value::sure where a few are
// picked out.
std::uint32_t sure_everywhere(const Builder& b, ValueId id);
// Marks a result as made of some elements of x only.
void picked_from(const Builder& b, Draft& draft, ValueId x);

// An axis with at least so many elements, or -1.
int draw_axis(Builder& b, const Shape& shape, std::int64_t least);
// "1" or "-1": the same axis counted from either end.
std::string axis_number(Builder& b, int axis, int rank);
std::string axis_option(Builder& b, int axis, int rank);  // "axis=1"
// ":, :, 2:5" where the axis is the third; `tail` says what follows when it is not the last.
std::string at_axis(int axis, const std::string& index);

std::int64_t& size_at(Shape& shape, int axis);
std::int64_t size_at(const Shape& shape, int axis);

// Whether a value is what one of these entries has just made.
bool follows(const Builder& b, const Value& v, std::initializer_list<std::string_view> ops);
// Any value of at least this rank; one that such an entry made would read as a detour.
std::optional<ValueId> draw_array(Builder& b, int min_rank, int max_rank = 99,
                                  std::initializer_list<std::string_view> not_after = {});
// A value of numbers, not of bool or complex.
std::optional<ValueId> draw_numbers(Builder& b, int min_rank, int max_rank = 99);
// Integers led into [0, count), to select with; where there are none, computed from reals. `accept`
// looks at the type.
std::optional<ValueId> draw_index(Builder& b, std::int64_t count, const Accept& accept);
// A mask in scope, or a comparison of numbers whose type `accept` takes.
std::optional<ValueId> draw_mask(Builder& b, const Accept& accept);
// Whether another draw of these indices almost surely selects something else.
bool index_shows(const Builder& b, ValueId index, std::int64_t count);
// Fills in the result's `sure`: where the index shows, its arguments do too.
void selected_by(const Builder& b, Draft& draft, ValueId x, ValueId index, std::int64_t count);

// Distinct or repeated places in [0, count), as a person would list them.
std::vector<std::int64_t> draw_places(Builder& b, std::int64_t count, std::int64_t how_many,
                                      bool distinct);
// "jnp.array([2, 0, 3])"
std::string places_text(const std::vector<std::int64_t>& places);
// A number that fits the type and the values beside it: 0, a typical one, a limit.
double filler(Builder& b, const Value& beside);
std::string number_of(double value, DType dtype);
// One of these, the likelier ones first: a spelling where the program's taste has no say.
std::string either(Builder& b, const std::vector<std::string>& spellings);

}  // namespace jaxsmith::plan
