// What idioms and other written entries share: types, sizes, usual steps, and steps written as
// formulas: "{k} * ({x} - {y})" with what each name stands for, a value or text.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/idiom.h"

namespace jaxsmith::plan {

// ---- Types and sizes ----
Type flags(Shape shape);                   // booleans
Type counts(const Idiom& i, Shape shape);  // what JAX counts and indexes in
Type scalar(const Idiom& i);               // of this program's real type

// Whether the program computes in a type of 16 bits.
bool half_precision(const Idiom& i);
// Whether it computes in float32, as JAX does unless told otherwise.
bool single_precision(Idiom& i);

// Half of what a word holds: operations that go on with one write limits as integers that fit i32.
inline constexpr Interval kWord{0, 2147483647.0};

// Counts up to n.
Interval below(std::int64_t n);

// A size of this program's that is no smaller; the idiom fails where it has none.
std::int64_t size_from(Idiom& i, std::int64_t least, std::int64_t most = 64);
// This program's size within these bounds.
std::int64_t few(Idiom& i, std::int64_t most, std::int64_t least = 2);
// A shape of this program's sizes; a number alone more often than not where that may be.
Shape drawn_shape(Idiom& i, int min_rank, int max_rank);
// One axis of this program's size, or of `least` where that is larger.
Shape row(Idiom& i, std::int64_t least);
// A number alone, or such an axis: of what is computed for each element by itself.
Shape number_or_row(Idiom& i, std::int64_t least);

// ---- Formulas ----
// A name of a formula: a value, or text such as a number.
struct Term {
  std::string name;
  ValueId id = kNoValue;
  std::string text = {};
};
using Terms = std::vector<Term>;

// The formula as a spelling with its operands.
struct Formula {
  std::string spelling;
  Idiom::Ids operands;
};
Formula formula(std::string_view form, const Terms& terms);

// Idiom::let of a formula.
ValueId let(Idiom& i, Idiom::Words names, std::string_view form, const Terms& terms, Shape shape,
            Interval range);
ValueId let(Idiom& i, Idiom::Words names, std::string_view form, const Terms& terms, Type type,
            Interval range);

// A truth value by a formula: a condition.
ValueId test(Idiom& i, Idiom::Words names, std::string_view form, const Terms& terms);

// A real scalar by a formula.
ValueId real(Idiom& i, Idiom::Words names, std::string_view form, const Terms& terms,
             Interval range);

// Zero, as the carry of a loop that counts or adds up.
ValueId zero_like(Idiom& i, Idiom::Words names, ValueId of, Interval range);

// A constant of a law: a number that people take, or now and then a scalar that is given.
Term constant(Idiom& i, std::string name, const Idiom::Words& names,
              const std::vector<double>& numbers, double given = 0.3);

// Each of the terms, and some more.
Terms with(Terms terms, const Terms& more);

// ---- Loops ----
// Idiom::fori of a step that takes the carries alone.
Idiom::Ids repeat(Idiom& i, std::int64_t from, std::int64_t to, Idiom::Words step_names,
                  std::vector<Idiom::Carry> carries, const Idiom::Fill& step);

// Names of what a scan stacks: one array where it is wanted, else nothing.
std::vector<Idiom::Words> when(bool wanted, Idiom::Words names);

// What is left of a value after a number of steps, by fori_loop (with that probability) or by scan.
ValueId iterated(Idiom& i, std::int64_t steps, Idiom::Words step_names, Idiom::Carry carry,
                 const std::function<ValueId(ValueId)>& step, double by_fori);

// Where a loop that counts begins.
ValueId count_from(Idiom& i, Idiom::Words names, std::int64_t first, Interval range);
// Half of a number, or of what a name stands for.
std::string halved(const std::string& value);
// The ids, and one more where it is wanted.
Idiom::Ids and_when(bool wanted, Idiom::Ids ids, ValueId more);
// Idiom::cond of functions that take the operands or capture them.
Idiom::Ids branch(Idiom& i, ValueId predicate, const Idiom::Ids& operands,
                  std::vector<Idiom::Part> parameters, Idiom::Words yes_names,
                  const Idiom::Fill& yes, Idiom::Words no_names, const Idiom::Fill& no,
                  std::vector<Idiom::Part> parts);
// lax.map of a function over the elements of each slice's first axis; one array for each of
// `results`, a function's result without names is dropped.
Idiom::Ids mapped(Idiom& i, Idiom::Words step_names, const std::vector<Idiom::Slice>& over,
                  const std::vector<Idiom::Words>& results, const Idiom::Fill& step);
// jnp.inf, of the program's type: the change before a loop's first step, what a record begins with.
ValueId infinity(Idiom& i);

// A comparison and its opposite.
struct Comparison {
  std::string holds, fails;
};
// Both of them, in one of the ways that conditions of loops are written.
std::string both_hold(Idiom& i, const Comparison& a, const Comparison& b);

// When a loop has settled: its change is no larger than the tolerance, or its rounds are used up.
struct Settling {
  std::string tolerance;
  std::int64_t most;
  double change = 10;        // how large it is in practice
  Idiom::Words rounds = {};  // names of their number where that is a result
};
// A while_loop that ends when it has settled: by the change itself or by whether that is small.
// `step` takes the carries and gives the next, then the change. The carries at the end, then the
// number of rounds where it is wanted.
Idiom::Ids until_settled(Idiom& i, const Settling& how, std::vector<Idiom::Carry> carries,
                         Idiom::Words step_names, const Idiom::Fill& step);

// ---- Labels and averages ----
// One class a row; so many that two draws are hardly alike.
ValueId class_labels(Idiom& i, Idiom::Words names, std::int64_t rows, std::int64_t count);
// The entry of each row that its label names.
ValueId picked(Idiom& i, ValueId rows, ValueId labels, Idiom::Words names, Interval range);

// An average that forgets: of two operands, in one of the ways that it is written.
std::string forgetting(Idiom& i, double keep, const std::string& old, const std::string& fresh);

}  // namespace jaxsmith::plan
