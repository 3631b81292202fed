// Number theory and small machines over integers: roots, powers, divisors, digits, fixed point.
#include <fmt/format.h>

#include <cmath>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;

// Digit by digit, from the highest.
ValueId root_by_bits(Idiom& i, ValueId n, double top) {
  const Type type = i.type(n);
  const double root = std::sqrt(top);
  const int bits = top > 1e5 ? 10 : top > 5000 ? 8 : 6;
  const ValueId zero = i.let({"root", "r"}, "jnp.zeros_like($0)", {n}, type, {0, root});
  return i.fori(0, bits, {"try_bit", "set_bit"}, {{{"r", "root"}, zero, {0, root}, {"root", "r"}}},
                [&](const Ids& p) {
                  const ValueId trial =
                      i.let({"trial", "candidate"}, fmt::format("$0 | (1 << ({} - $1))", bits - 1),
                            {p[1], p[0]}, type, {1, root + 10});
                  return Ids{i.let({"kept"},
                                   i.either({"jnp.where($0 * $0 <= $1, $0, $2)",
                                             "jnp.where($0 * $0 > $1, $2, $0)"}),
                                   {trial, n, p[1]}, type, {0, root})};
                })[0];
}

// Newton's steps down from a power of two, or digit by digit; the remainder, or whether it is a
// square.
Op integer_sqrt() {
  return idiom("integer_sqrt", kMath, 1.0, kForward, [](Idiom& i) {
    const Shape shape = number_or_row(i, 3);
    const bool one = shape.empty();
    const double top = i.number({4000, 60000, 1e6});
    const double root = std::sqrt(top);
    const Type type{i.integer(), shape};
    const ValueId n = i.input(
        one ? Words{"n", "number", "value"} : Words{"n", "numbers", "squares"}, type, {1, top});
    ValueId r = kNoValue;
    switch (i.between(0, 2)) {
      case 0: {
        // As many steps as the largest number needs from its own half.
        const ValueId start = i.let({"guess", "start"}, i.either({"$0 // 2 + 1", "($0 >> 1) + 1"}),
                                    {n}, type, {1, top});
        r = i.fori(
            0, top > 1e5 ? 16 : 13, {"newton", "improve"},
            {{{"r", "guess"}, start, {1, top}, {"root", "r"}}}, [&](const Ids& p) {
              const ValueId better =
                  i.let({"better"}, i.either({"($0 + $1 // $0) // 2", "($0 + $1 // $0) >> 1"}),
                        {p[1], n}, type, {1, top});
              return Ids{i.let({"lower"}, "jnp.minimum($0, $1)", {p[1], better}, type, {1, top})};
            })[0];
        break;
      }
      case 1: {
        const ValueId start = i.let({"guess", "start"}, i.either({"$0 // 2 + 1", "($0 >> 1) + 1"}),
                                    {n}, type, {1, top});
        r = i.while_loop(
            {{{"r", "guess"}, start, {1, top}, {"root", "r"}}}, {"too_large", "unfinished"},
            [&](const Ids& p) {
              return Ids{i.let({one ? "above" : "any_above"},
                               i.either(one ? Words{"$0 * $0 > $1", "$0 > $1 // $0"}
                                            : Words{"jnp.any($0 * $0 > $1)", "($0 * $0 > $1).any()",
                                                    "jnp.any($0 > $1 // $0)"}),
                               {p[0], n}, flags({}), {0, 1})};
            },
            {"newton", "improve"},
            [&](const Ids& p) {
              const ValueId better =
                  i.let({"better"}, "($0 + $1 // $0) // 2", {p[0], n}, type, {1, top});
              return Ids{i.let({"lower"}, "jnp.minimum($0, $1)", {p[0], better}, type, {1, top})};
            })[0];
        if (top > 60000) i.fail();  // the square of half of it overflows
        break;
      }
      default:
        r = root_by_bits(i, n, top);
    }
    switch (i.between(0, 2)) {
      case 0:
        i.called({"sqrt_remainder", "excess_over_square", "square_residue"});
        i.summary(one ? "Find how far a number lies above the square below it."
                      : "Find how far numbers lie above the square below them.");
        i.let({"remainder", "excess"}, i.either({"$0 - $1 * $1", "$0 - $1**2"}), {n, r}, type,
              {0, 2 * root});
        break;
      case 1: {
        i.called({"distance_to_square", "square_gap", "nearest_square"});
        i.summary(one ? "Find how far a number is from the nearest square."
                      : "Find how far numbers are from the nearest square.");
        const ValueId next =
            i.let({"above", "upper"}, "($0 + 1) ** 2 - $1", {r, n}, type, {1, 2 * root + 1});
        const ValueId below =
            i.let({"below", "lower"}, "$0 - $1 * $1", {n, r}, type, {0, 2 * root});
        i.let({"nearest", "gap"}, "jnp.minimum($0, $1)", {next, below}, type, {0, root});
        break;
      }
      default:
        i.called({"integer_sqrt", "isqrt", "floor_sqrt"});
        i.summary(one ? "Take the integer square root, rounded down."
                      : "Take integer square roots, rounded down.");
    }
  });
}

// Square and multiply: by fori over the bits, by a while that ends with the exponent, by a cond.
Op modular_power() {
  return idiom("modular_power", kMath, 0.6, kForward, [](Idiom& i) {
    const std::int64_t modulus =
        i.random().pick(std::vector<std::int64_t>{97, 257, 1009, 7919, 10007, 32749});
    const double top = static_cast<double>(modulus - 1);
    const std::int64_t bits = i.between(4, 10);
    const Shape shape = number_or_row(i, 3);
    const bool one_number = shape.empty();
    const Type type{i.integer(), shape};
    const Interval residue{0, top};
    const ValueId base = i.input(
        one_number ? Words{"base", "x", "number"} : Words{"base", "bases", "x"}, type, {1, top});
    const bool same = !one_number && i.chance(0.5);
    const Type of_exponent = same ? type : Type{i.integer(), {}};
    const double most = static_cast<double>((std::int64_t{1} << bits) - 1);
    const ValueId exponent =
        i.input({"exponent", same ? "exponents" : "power"}, of_exponent, {same ? 1.0 : 8.0, most});
    i.called({"mod_pow", "modular_power", "power_mod"});
    i.summary(fmt::format("Raise {} modulo {}.",
                          one_number ? "a number to a power" : "integers to powers", modulus));
    i.summary(one_number ? "Compute a modular power by repeated squaring."
                         : "Compute modular powers by repeated squaring.");
    const std::string mod = i.either({"% {}", "% {}", "rem"});
    const auto reduce = [&](const std::string& product) {
      return mod == "rem" ? fmt::format("jnp.remainder({}, {})", product, modulus)
                          : fmt::format("{} % {}", product, modulus);
    };
    const ValueId one = i.let({"result", "power"}, "jnp.ones_like($0)", {base}, type, residue);
    const bool odd_by_mask = i.chance(0.5), in_cond = !same && i.chance(0.7);
    const auto step = [&](ValueId result, ValueId square, ValueId rest) {
      const ValueId odd = i.let({"odd", "bit_set"}, odd_by_mask ? "($0 & 1) == 1" : "$0 % 2 == 1",
                                {rest}, flags(of_exponent.shape), {0, 1});
      ValueId next = kNoValue;
      if (in_cond) {
        next = i.cond(
            odd, {result}, {{{"r", "value"}, type, residue}}, {"multiply"},
            [&](const Ids& p) {
              return Ids{i.let({"product"}, reduce("$0 * $1"), {p[0], square}, type, residue)};
            },
            {"keep"}, [&](const Ids& p) { return Ids{p[0]}; },
            {{{"next_result", "power"}, type, residue}})[0];
      } else {
        next = i.let({"next_result", "power"}, "jnp.where($0, " + reduce("$1 * $2") + ", $1)",
                     {odd, result, square}, type, residue);
      }
      const ValueId squared = i.let({"squared"}, reduce("$0 * $0"), {square}, type, residue);
      return Ids{
          next, squared,
          i.let({"halved"}, odd_by_mask ? "$0 >> 1" : "$0 // 2", {rest}, of_exponent, {0, most})};
    };
    const std::vector<Idiom::Carry> carries = {
        {{"result", "acc"}, one, residue, {one_number ? "power" : "powers", "result"}},
        {{"square", "b"}, base, residue, {}},
        {{"rest", "e"}, exponent, {0, most}, {}}};
    if (i.chance(0.5)) {
      i.fori(0, bits, {"square_and_multiply", "step"}, carries,
             [&](const Ids& p) { return step(p[1], p[2], p[3]); });
      return;
    }
    i.while_loop(
        carries, {"unfinished", "bits_left"},
        [&](const Ids& p) {
          return Ids{
              i.let({"left"}, same ? "jnp.any($0 > 0)" : "$0 > 0", {p[2]}, flags({}), {0, 1})};
        },
        {"square_and_multiply", "step"}, [&](const Ids& p) { return step(p[0], p[1], p[2]); });
  });
}

// Euclid's algorithm for pairs side by side, for a number of steps or until all are done; least
// common multiples and reduced fractions.
Op common_divisor() {
  return idiom("common_divisor", kLoop, 0.6, kForward, [](Idiom& i) {
    const double top = i.number({60, 200, 1000});
    const Shape shape = number_or_row(i, 5);
    const bool one = shape.empty();
    const Type type{i.integer(), shape};
    const auto what = i.between(0, 3);  // multiples, fractions, coprime pairs, divisors
    const ValueId a = i.input(what != 1 ? Words{"a", "x"}
                              : one     ? Words{"numerator", "a"}
                                        : Words{"numerators", "a"},
                              type, {1, top});
    const ValueId b = i.input(what != 1 ? Words{"b", "y"}
                              : one     ? Words{"denominator", "b"}
                                        : Words{"denominators", "b"},
                              type, {1, top});
    const bool guard = i.chance(0.5), fixed = i.chance(0.3);
    const auto step = [&](ValueId x, ValueId y) {
      // One pair goes on until it is done.
      if (one && !fixed) return Ids{y, i.let({"rest"}, "$0 % $1", {x, y}, type, {0, top})};
      const ValueId done = i.let({"done", "ended"}, "$0 == 0", {y}, flags(shape), {0, 1});
      const ValueId rest = guard ? i.let({"rest"}, "jnp.where($0, 0, $1 % jnp.where($0, 1, $2))",
                                         {done, x, y}, type, {0, top})
                                 : i.let({"rest"}, "jnp.where($0, 0, $1 % jnp.maximum($2, 1))",
                                         {done, x, y}, type, {0, top});
      return Ids{i.let({"larger"}, "jnp.where($0, $1, $2)", {done, x, y}, type, {1, top}), rest};
    };
    const std::vector<Idiom::Carry> carries = {{{"x", "large"}, a, {1, top}, {"divisor", "gcd"}},
                                               {{"y", "small"}, b, {0, top}, {}}};
    ValueId divisor = kNoValue;
    if (fixed) {
      // Fibonacci numbers take the longest.
      const std::int64_t steps = top > 500 ? 16 : top > 100 ? 14 : 10;
      divisor = i.fori(0, steps, {"remainder_step", "step"}, carries,
                       [&](const Ids& p) { return step(p[1], p[2]); })[0];
    } else {
      divisor = i.while_loop(
          carries, {"unfinished", "any_left"},
          [&](const Ids& p) {
            return Ids{i.let(
                {"left"},
                i.either(one ? Words{"$0 > 0", "$0 != 0"}
                             : Words{"jnp.any($0 > 0)", "jnp.any($0 != 0)", "($0 > 0).any()"}),
                {p[1]}, flags({}), {0, 1})};
          },
          {"remainder_step", "euclid_step"}, [&](const Ids& p) { return step(p[0], p[1]); })[0];
    }
    switch (what) {
      case 0:
        i.called({"lcm", "least_common_multiple"});
        i.summary(one ? "Find the least common multiple of two numbers."
                      : "Find the least common multiples of pairs.");
        i.let({"multiple", "lcm"}, i.either({"$0 // $2 * $1", "$0 * ($1 // $2)"}), {a, b, divisor},
              type, {1, top * top});
        break;
      case 1: {
        i.called({"reduce_fraction", "lowest_terms"});
        i.summary(one ? "Reduce a fraction to lowest terms." : "Reduce fractions to lowest terms.");
        i.let({"numerator", "reduced_numerator"}, "$0 // $1", {a, divisor}, type, {1, top});
        i.let({"denominator", "reduced_denominator"}, "$0 // $1", {b, divisor}, type, {1, top});
        break;
      }
      case 2:
        i.called(one ? Words{"are_coprime", "test_coprime"}
                     : Words{"coprime_pairs", "are_coprime"});
        i.summary(one ? "Find the common divisor of two numbers, and whether it is one."
                      : "Find the common divisors of pairs, and which pairs have none but one.");
        i.keep(divisor);
        i.let({"coprime", "are_coprime"}, "$0 == 1", {divisor}, flags(shape), {0, 1});
        break;
      default:
        i.called({"gcd", "greatest_common_divisor", "euclid"});
        i.summary(one ? "Find the greatest common divisor of two numbers by Euclid's algorithm."
                      : "Find the greatest common divisors of pairs by Euclid's algorithm.");
    }
  });
}

constexpr Interval kOrbit{1, 1e6};

// Half of an even number, or what the rule makes of an odd one; `mask`: by bits.
ValueId collatz_step(Idiom& i, ValueId n, std::int64_t factor, bool mask, bool shortcut) {
  const Type type = i.type(n);
  const ValueId even =
      i.let({"even", "is_even"}, mask ? "($0 & 1) == 0" : "$0 % 2 == 0", {n}, flags({}), {0, 1});
  return i.cond(
      even, {n}, {{{"m", "k"}, type, kOrbit}}, {"halve", "half"},
      [&](const Ids& p) {
        return Ids{i.let({"half"}, mask ? "$0 >> 1" : "$0 // 2", {p[0]}, type, kOrbit)};
      },
      {"climb", "triple"},
      [&](const Ids& p) {
        return Ids{i.let({"climbed"},
                         shortcut ? fmt::format("({} * $0 + 1) // 2", factor)
                                  : fmt::format("{} * $0 + 1", factor),
                         {p[0]}, type, kOrbit)};
      },
      {{{"n_next", "following"}, type, kOrbit}})[0];
}

// Steps of the 3n + 1 problem or of its kin, each a branch; the orbit's peak, its length, or the
// whole of it.
Op collatz_orbit() {
  return idiom("collatz_orbit", kConditional, 0.4, kForward, [](Idiom& i) {
    const std::int64_t factor = i.chance(0.75) ? 3 : 5, steps = i.between(4, factor == 3 ? 14 : 7);
    const bool shortcut = i.chance(0.4);
    const Type type{i.integer(), {}};
    i.called({"collatz_orbit", "hailstone", "collatz_steps"});
    i.summary(fmt::format("Follow the {}n + 1 rule from a starting number.", factor));
    const ValueId start = i.input({"start", "n", "seed"}, type, {3, 900});
    const bool mask = i.chance(0.4);
    const auto next_of = [&](ValueId n) { return collatz_step(i, n, factor, mask, shortcut); };
    switch (i.between(0, 2)) {
      case 0: {
        const auto out = i.scan(
            {"step", "advance"}, {{{"n", "current"}, start, kOrbit, {}}}, {}, {{"orbit", "path"}},
            [&](const Ids& p) {
              const ValueId next = next_of(p[0]);
              return Ids{next, i.chance(0.5) ? next : p[0]};
            },
            "", steps);
        const auto what = i.between(0, 2);
        i.summary(what == 0   ? "Give the peak of the first numbers of an orbit."
                  : what == 1 ? "Give the first numbers of an orbit and how many of them are odd."
                              : "Give the first numbers of an orbit.");
        if (what == 0) {
          i.let({"peak", "highest"}, i.either({"jnp.max($0)", "$0.max()"}), {out.stacked[0]}, type,
                kOrbit);
        } else if (what == 1) {
          i.keep(out.stacked[0]);
          i.let({"odd_steps", "climbs"}, i.either({"jnp.sum($0 % 2)", "($0 & 1).sum()"}),
                {out.stacked[0]}, type, {0, static_cast<double>(steps)});
        }
        break;
      }
      case 1: {
        const ValueId last = i.fori(0, steps, {"step", "advance"},
                                    {{{"n", "current"}, start, kOrbit, {"last", "n"}}},
                                    [&](const Ids& p) { return Ids{next_of(p[1])}; })[0];
        i.summary(fmt::format("Give how far {} steps of a hailstone orbit lead.", steps));
        i.let({"change", "gain"}, "$0 - $1", {last, start}, type, {-1000, kOrbit.hi});
        break;
      }
      default: {
        if (factor != 3) return i.fail();  // other rules need not come down
        i.called({"stopping_time", "collatz_length", "steps_to_descend"});
        i.summary("Count the steps until an orbit falls below its start.");
        const ValueId zero = i.let({"count"}, "jnp.zeros_like($0)", {start}, type, {0, 100});
        i.while_loop(
            {{{"n", "current"}, start, kOrbit, {"n"}},
             {{"count", "steps"}, zero, {0, 100}, {"count"}}},
            {"above_start", "unfinished"},
            [&](const Ids& p) {
              return Ids{i.let({"above"}, "($0 >= $1) & ($2 < 100)", {p[0], start, p[1]}, flags({}),
                               {0, 1})};
            },
            {"step", "advance"},
            [&](const Ids& p) {
              const ValueId next = next_of(p[0]);
              return Ids{next, i.let({"more"}, "$0 + 1", {p[1]}, type, {0, 100})};
            });
      }
    }
  });
}

// A machine that reads operations and operands side by side: lax.switch within a scan.
Op run_machine() {
  return idiom("run_machine", kConditional, 1.0, kZero, [](Idiom& i) {
    const std::int64_t length = std::max<std::int64_t>(5, i.size());
    const double top = 1e6;
    const Interval range{-top, top};
    const bool vector = i.chance(0.35);
    const Type type{i.integer(), vector ? row(i, 3) : Shape{}};
    struct Code {
      Words names;
      std::string spelling;
    };
    std::vector<Code> codes = {{{"add", "plus"}, "$0 + $1"},
                               {{"subtract", "minus"}, "$0 - $1"},
                               {{"xor", "toggle"}, "$0 ^ $1"},
                               {{"reverse_subtract", "subtract_from"}, "$1 - $0"},
                               {{"add_twice", "add_shifted"}, "$0 + 2 * $1"},
                               {{"halve_and_add", "shift_and_add"}, "($0 >> 1) + $1"},
                               {{"distance", "difference"}, "jnp.abs($0 - $1)"}};
    i.random().shuffle(codes);
    const std::int64_t count = i.between(3, 4);
    codes.resize(static_cast<std::size_t>(count));
    i.called({"run_program", "interpret", "execute_opcodes"});
    i.summary("Run a list of operations on an accumulator.");
    i.summary(fmt::format("Interpret a program of {} operations.", count));
    const ValueId opcodes = i.input({"opcodes", "program", "ops"}, Type{i.integer(), {length}},
                                    {0, static_cast<double>(count - 1)});
    const ValueId operands =
        i.input({"operands", "immediates", "values"}, Type{i.integer(), {length}}, {1, 40});
    const ValueId start = i.input({"register", "accumulator", "start"}, type, {-50, 50});
    const bool keep = i.chance(0.5);
    i.scan(
        {"execute", "step", "dispatch"},
        {{{"acc", "register"}, start, range, {"accumulator", "last"}}},
        {{{"op", "opcode"}, opcodes}, {{"arg", "operand"}, operands}},
        keep ? std::vector<Words>{{"trace", "history"}} : std::vector<Words>{}, [&](const Ids& p) {
          std::vector<Idiom::Branch> branches;
          for (const Code& c : codes)
            branches.push_back({c.names, [&](const Ids& q) {
                                  return Ids{i.let({"out"}, c.spelling, {q[0], q[1]}, type, range)};
                                }});
          const ValueId next = i.switch_(
              p[1], {p[0], p[2]},
              {{{"a", "value"}, type, range}, {{"b", "operand_value"}, {i.integer(), {}}, {0, 40}}},
              branches, {{{"acc_next", "updated"}, type, range}})[0];
          Ids results = {next};
          if (keep) results.push_back(next);
          return results;
        });
  });
}

// The digit that makes a weighted sum of decimal digits [n, places] a multiple of 10 or 11.
// The last digit of a number has the first weight.
void check_digits(Idiom& i, ValueId digits, bool high_first) {
  const std::int64_t places = i.shape(digits)[1];
  const std::string ramp = high_first ? fmt::format("jnp.arange({}, -1, -1)", places - 1)
                                      : fmt::format("jnp.arange({})", places);
  const bool ean = i.chance(0.5);  // weights of bar codes, else those of books
  const std::int64_t mod = ean ? 10 : 11;
  i.called({"check_digit", "check_digits"});
  i.summary(ean ? "Compute check digits with the weights of bar codes."
                : "Compute check digits modulo 11, where 10 stands for X.");
  const ValueId weights = i.let(
      {"weights"},
      ean          ? fmt::format(
                         fmt::runtime(i.either({"3 - 2 * ({} % 2)", "jnp.where({} % 2 == 0, 3, 1)"})), ramp)
      : high_first ? fmt::format("jnp.arange({}, 1, -1)", places + 1)
                   : fmt::format("jnp.arange(2, {})", places + 2),
      {}, Type{i.integer(), {places}}, {1, static_cast<double>(places + 1)});
  i.let({"check", "check_digit"},
        fmt::format(fmt::runtime(i.either({"-jnp.sum($0 * $1, axis=-1) % {0}",
                                           "({0} - ($0 * $1).sum(axis=-1) % {0}) % {0}",
                                           "-($0 @ $1) % {0}"})),
                    mod),
        {digits, weights}, Type{i.integer(), {i.shape(digits)[0]}},
        {0, static_cast<double>(mod - 1)});
}

// Digits in a base by divisions or by powers, and what is made of them: their sum, the number read
// backwards, a check digit.
Op base_digits() {
  return idiom("base_digits", kArray, 1.0, kZero, [](Idiom& i) {
    const std::int64_t base = i.random().pick(std::vector<std::int64_t>{2, 3, 8, 10, 10, 16});
    const std::int64_t places = base == 2 ? i.between(5, 10) : i.between(3, 5);
    std::int64_t count = 1;
    for (std::int64_t k = 0; k < places; ++k) count *= base;
    const Shape shape = row(i, 3), digit_shape = {shape[0], places};
    const Type type{i.integer(), shape}, digit_type{i.integer(), digit_shape};
    const double top = static_cast<double>(count - 1),
                 highest = static_cast<double>(count) / static_cast<double>(base);  // place
    const Interval digit{0, static_cast<double>(base - 1)};
    const ValueId n = i.input({"numbers", "codes", "n"}, type, {0, top});
    ValueId digits = kNoValue;
    const bool scanned = i.chance(0.35), high_first = !scanned && i.chance(0.5);
    if (scanned) {
      const auto out = i.scan(
          {"next_digit", "divide"}, {{{"rest", "n"}, n, {0, top}, {}}}, {}, {{"digits", "columns"}},
          [&](const Ids& p) {
            const ValueId d = i.let({"digit"}, fmt::format("$0 % {}", base), {p[0]}, type, digit);
            return Ids{i.let({"quotient"}, fmt::format("$0 // {}", base), {p[0]}, type, {0, top}),
                       d};
          },
          "", places);
      digits =
          i.let({"digits", "rows"}, i.either({"$0.T", "jnp.transpose($0)", "$0.swapaxes(0, 1)"}),
                {out.stacked[0]}, digit_type, digit);
    } else {
      const ValueId powers =
          i.let({"powers", "place_values"},
                high_first ? fmt::format("{} ** jnp.arange({}, -1, -1)", base, places - 1)
                           : fmt::format("{} ** jnp.arange({})", base, places),
                {}, Type{i.integer(), {places}}, {1, highest});
      digits = i.let({"digits", "places"},
                     fmt::format(fmt::runtime(i.either({"$0[:, None] // $1 % {}",
                                                        "jnp.floor_divide($0[:, None], $1) % {}"})),
                                 base),
                     {n, powers}, digit_type, digit);
    }
    // Check digits are decimal.
    switch (base == 10 ? i.between(0, 3) : i.random().pick(std::vector<std::int64_t>{0, 1, 3})) {
      case 0:
        i.called({"digit_sums", "sum_digits"});
        i.summary(fmt::format("Add up the digits of integers in base {}.", base));
        i.let({"sums", "digit_sum"}, i.either({"jnp.sum($0, axis=-1)", "$0.sum(axis=1)"}), {digits},
              type, {0, static_cast<double>(places * (base - 1))});
        break;
      case 1: {
        i.called({"reverse_digits", "mirror_number"});
        i.summary(fmt::format("Read the digits of integers in base {} in the other order.", base));
        const ValueId weights =
            i.let({"weights", "place_values"},
                  high_first ? fmt::format("{} ** jnp.arange({})", base, places)
                             : fmt::format("{} ** jnp.arange({}, -1, -1)", base, places - 1),
                  {}, Type{i.integer(), {places}}, {1, highest});
        i.let({"reversed_number", "mirrored"},
              i.either({"$0 @ $1", "jnp.sum($0 * $1, axis=-1)", "jnp.dot($0, $1)"}),
              {digits, weights}, type, {0, top});
        break;
      }
      case 2:
        check_digits(i, digits, high_first);
        break;
      default:
        i.called({"to_digits", "base_digits", "digits_of"});
        i.summary(fmt::format("Write integers as digits in base {}, the {} first.", base,
                              high_first ? "highest" : "lowest"));
        break;
    }
  });
}

// Products and averages of numbers with a binary point: rounded, shifted back, clipped to the
// width.
Op fixed_point() {
  return idiom("fixed_point", kArithmetic, 1.0, kZero, [](Idiom& i) {
    const std::int64_t bits = i.between(6, 8);
    const double one = static_cast<double>(std::int64_t{1} << bits);
    const bool matrix = i.chance(0.4);
    const Shape shape = matrix ? Shape{i.size(), i.size()} : row(i, 3);
    const Type type{DType::kI32, shape};
    i.called({"fixed_point_multiply", "q_multiply", "scale_fixed"});
    i.summary(fmt::format("Multiply numbers that have {} bits behind the point.", bits));
    const ValueId x = i.input({"x", "samples", "pixels"}, type, {-4 * one, 4 * one});
    const ValueId gain = i.input({"gain", "coefficients", "weights"},
                                 Type{DType::kI32, i.chance(0.5) ? Shape{shape.back()} : shape},
                                 {-2 * one, 2 * one});
    ValueId product = i.let({"product", "wide"}, i.either({"$0 * $1", "jnp.multiply($0, $1)"}),
                            {x, gain}, type, {-8 * one * one, 8 * one * one});
    const bool mixes = i.chance(0.4);
    if (mixes) {
      i.called({"fixed_point_dot", "q_dot"});
      const Shape sums = matrix ? Shape{shape[0]} : Shape{};
      product =
          i.let({"total", "accumulated"}, i.either({"jnp.sum($0, axis=-1)", "$0.sum(axis=-1)"}),
                {product}, Type{DType::kI32, sums}, {-40 * one * one, 40 * one * one});
      i.summary("Add up products of fixed-point numbers.");
      if (i.builder().settings().x64) return i.fail();  // sums of i32 are i64 there
    }
    const Type out{DType::kI32, i.shape(product)};
    ValueId scaled = kNoValue;
    switch (i.between(0, 2)) {
      case 0:
        i.comment("Half of the last place makes the shift round to nearest.");
        scaled =
            i.let({"rounded", "shifted"}, fmt::format("($0 + (1 << {})) >> {}", bits - 1, bits),
                  {product}, out, {-40 * one, 40 * one});
        break;
      case 1:
        scaled = i.let({"floored", "shifted"}, fmt::format("$0 >> {}", bits), {product}, out,
                       {-40 * one, 40 * one});
        break;
      default: {
        i.comment("Rounds halves away from zero on both sides.");
        const ValueId size = i.let({"magnitude", "absolute"},
                                   fmt::format("(jnp.abs($0) + (1 << {})) >> {}", bits - 1, bits),
                                   {product}, out, {0, 40 * one});
        scaled = i.let({"rounded", "signed"},
                       i.either({"jnp.sign($0) * $1", "jnp.where($0 < 0, -$1, $1)"}),
                       {product, size}, out, {-40 * one, 40 * one});
      }
    }
    if (i.chance(0.5)) {
      const std::int64_t end = (mixes ? 8 : 4) * static_cast<std::int64_t>(one);
      i.let({"saturated", "clipped"}, fmt::format("jnp.clip($0, {}, {})", -end, end - 1), {scaled},
            out, {-static_cast<double>(end), static_cast<double>(end - 1)});
    }
  });
}

// A cyclic redundancy check over bytes, a bit at a time within a scan.
Op crc_update() {
  return idiom("crc_update", kLoop, 1.0, kZero, [](Idiom& i) {
    struct Kind {
      DType dtype;
      const char* name;
      int width;
      std::string polynomial;  // reflected
      const char* first;
    };
    static const std::vector<Kind> kKinds = {
        {DType::kU32, "uint32", 32, "0xEDB88320", "0xFFFFFFFF"},
        {DType::kU32, "uint32", 32, "0x82F63B78", "0xFFFFFFFF"},
        {DType::kU8, "uint8", 8, "0x8C", "0x00"},
        {DType::kU8, "uint8", 8, "0xE0", "0xFF"}};
    const Kind k = i.random().pick(kKinds);
    const Interval range = k.width == 32 ? kWord : Interval{0, 255};
    const bool lanes = i.chance(0.4);
    const std::int64_t length = std::max<std::int64_t>(4, i.size());
    const Shape state = lanes ? Shape{i.size()} : Shape{};
    Shape all = state;
    all.insert(all.begin(), length);
    const Type type{k.dtype, state};
    const ValueId bytes = i.input({"data", "message", "payload"}, Type{DType::kU8, all}, {0, 255});
    i.called({"crc", "checksum", "crc_of"});
    i.summary(fmt::format("Compute a {}-bit cyclic redundancy check of bytes.", k.width));
    if (lanes) i.summary("Compute the checksum of every column of bytes.");
    const std::string init = fmt::format("jnp.{}({})", k.name, k.first);
    const ValueId start = i.let({"crc", "initial"},
                                lanes ? fmt::format("jnp.full({}, {})", state[0], init)
                                      : i.either({"(" + init + ")", "jnp.asarray(" + init + ")"}),
                                {}, type, range);
    const std::string poly = fmt::format("jnp.{}({})", k.name, k.polynomial);
    const bool by_where = i.chance(0.6);
    const auto shift = [&](ValueId c) {
      const ValueId low = i.let({"low_bit", "carry_bit"}, "$0 & 1", {c}, type, {0, 1});
      return by_where
                 ? i.let({"shifted"}, "jnp.where($0 == 1, ($1 >> 1) ^ " + poly + ", $1 >> 1)",
                         {low, c}, type, range)
                 : i.let({"shifted"}, "($0 >> 1) ^ ($1 * " + poly + ")", {c, low}, type, range);
    };
    const bool keep = i.chance(0.35);
    const auto out = i.scan(
        {"add_byte", "update", "step"}, {{{"crc", "register"}, start, range, {"crc", "remainder"}}},
        {{{"byte", "octet"}, bytes}},
        keep ? std::vector<Words>{{"prefixes", "running"}} : std::vector<Words>{},
        [&](const Ids& p) {
          ValueId c = i.let({"mixed"}, k.width == 32 ? "$0 ^ $1.astype(jnp.uint32)" : "$0 ^ $1",
                            {p[0], p[1]}, type, range);
          c = i.fori(0, 8, {"shift_bit", "divide"}, {{{"c", "register"}, c, range, {"c"}}},
                     [&](const Ids& q) { return Ids{shift(q[1])}; })[0];
          Ids results = {c};
          if (keep) results.push_back(c);
          return results;
        });
    if (k.width == 32 && i.chance(0.7))
      i.let({"checksum", "digest"}, i.either({"~$0", "$0 ^ jnp.uint32(0xFFFFFFFF)"}),
            {out.final[0]}, type, range);
  });
}

}  // namespace

std::vector<Op> number_idioms() {
  return {integer_sqrt(), modular_power(), common_divisor(), collatz_orbit(),
          run_machine(),  base_digits(),   fixed_point(),    crc_update()};
}

}  // namespace jaxsmith::plan
