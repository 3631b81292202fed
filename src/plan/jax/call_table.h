// The table of calls: each is a row of text that says what is written, what it takes and what JAX
// makes of it. Calls that need more than a row (distributions, scipy, random numbers) are entries
// in C++, with call_forms.h.
//
//   jnp.polymul : arithmetic smooth
//     p[n]{-2,2}; q[m]{-2,2} : n=2..6, m=2..4 : @($0, $1) -> product[n+m-1]{-9,9}
//
// The first line names an entry, or several functions that are called alike, with their category,
// their derivative (enum Derivative) and how often they are drawn, beside others (1), and traits
// (op.h): unmapped where JAX does not map them over an axis, in_order or in_reverse where people
// name the first operand first or second. A name in several words is one entry: "jnp.sum with
// where". Then come forms, two blanks in, in the ways in which people call the function; what does
// not fit on a line goes on six blanks in. One form is drawn, and the choices within it. A form is
// "operands : sizes : call -> results"; sizes may be left out.
//
//   operands, results   names[shape]kind{lowest,highest}, several separated by "; ". Names are
//                       separated by commas; an operand whose names start with ! is always an
//                       argument, or made of some (plan/preparation.h), a result whose names end in
//                       ? need not show its operands, and one called _ is not needed.
//   shape               sizes separated by blanks: letters (drawn as this program's sizes are, or
//                       bound by the first operand), numbers, sums, products and quotients of
//                       them.
//                       * stands for any shape, *- without the axis a, *1 with 1 there, *=n with n.
//                       The ends of a range may hold sizes: {0,n-1}.
//                       In preparations (below) d0, d1 … are the sizes of *, N how many elements it
//                       has, M one more than the largest whole number in its range.
//   kind                of element: none for this program's real type, f the same but no half type,
//                       d what JAX's constructors give, i an index, b bool, c complex64, D float32,
//                       B uint8, U uint32, J int32, S this program's integer type, g that of the
//                       value that CallSteps are given, h that of the mean of one, w that of what
//                       is wanted
//   sizes               n=2..5 (drawn), m=n+1 (computed), rank=1..2 (of *)
//   call                Python with holes, @( the function; <x|y> is one of them, {n+1} a number,
//                       {a} an axis of *, r its rank, d its size along a, {dtype} the real type and
//                       {shape} that of *, {itype} the type that JAX counts in
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "plan/idiom.h"
#include "plan/op.h"
#include "plan/preparation.h"

namespace jaxsmith::plan {

std::string_view numpy_elementwise_calls();
std::string_view numpy_reduction_calls();
std::string_view numpy_array_calls();
std::string_view numpy_index_calls();
std::string_view linear_algebra_calls();
std::string_view fourier_calls();
std::string_view lax_elementwise_calls();
std::string_view lax_array_calls();
std::string_view lax_convolution_calls();
std::string_view nn_calls();
std::string_view tree_calls();
std::string_view mapped_calls();
std::string_view transformation_calls();
std::string_view usual_calls();

// A few forms one after another, as settings and roles write them: "form => form". Operands are new
// arguments, or what a form before has taken or made, by its first name alone ("mean"). A form may
// end before its call: its operands are all it gives. ? is any shape, as * is, or none; R in a
// range is how far the given value reaches.
class CallSteps {
 public:
  explicit CallSteps(std::string_view text);
  // `given`: the first operand of the first form; the idiom fails where it may not be. `source`:
  // what that was made of, by this name; it fails where a form asks for one and there is none.
  void write(Idiom& i, ValueId given = kNoValue, ValueId source = kNoValue) const;
  // Makes what is wanted, which * is the shape of, and gives it. {} in a name is its stem, a result
  // called {} is it. The ends of ranges are formulas (plan/jax/formula.h) of its range from L to H,
  // D wide, of how far it reaches to both sides of 0, W, and of sizes.
  ValueId write_wanted(Idiom& i, const Wanted& wanted) const;

 private:
  struct Forms;
  std::shared_ptr<const Forms> forms_;
};

// Of a table's "linear_algebra"; throws std::out_of_range where there is none.
Category category_named(const std::string& word);

// What stands between separators; of an empty text nothing.
std::vector<std::string> table_parts(std::string_view text, std::string_view separator);
// Lines of a table; what is indented by more than two blanks goes on with the line before.
std::vector<std::string> table_lines(std::string_view table);
// Words between blanks; "~" in one stands for a blank.
std::vector<std::string> table_words(std::string_view text);

// Entries of them all.
std::vector<Op> call_table_ops();

}  // namespace jaxsmith::plan
