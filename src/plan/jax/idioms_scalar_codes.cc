// What integers stand for: fractions close to a number, the place that is left in a circle, digits
// that check a code, numbers that are searched for by halves, numbers in text, powers of two.
#include <fmt/format.h>

#include <algorithm>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"
#include "plan/jax/idioms_scalar_parts.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;
using Part = Idiom::Part;

// ---- Fractions ----

// The fraction of two integers in smaller terms: the convergents of its continued fraction.
void convergents(Idiom& i) {
  const Type type = counts(i, {});
  const ValueId p = i.input({"numerator", "p"}, type, {50, 2000});
  const ValueId q = i.input({"denominator", "q"}, type, {50, 2000});
  const std::string limit = i.setting({"max_denominator", "limit"}, {"50", "100", "30"});
  i.called({"bounded_convergent", "last_convergent", "reduce_to_convergent"});
  i.summary("Give the last convergent of a fraction whose denominator is below a limit.");
  const ValueId one = count_from(i, {"one", "k1"}, 1, {0, 2000}),
                zero = count_from(i, {"zero", "k0"}, 0, {0, 2000});
  const Interval range{0, 2000};
  const bool steps = i.chance(0.4);
  std::vector<Idiom::Carry> carries = {
      {{"a", "rest"}, p, range, {}},        {{"b", "divisor"}, q, range, {}},
      {{"h0", "num_old"}, zero, range, {}}, {{"h1", "num"}, one, range, {"num", "numerator"}},
      {{"k0", "den_old"}, one, range, {}},  {{"k1", "den"}, zero, range, {"den", "denominator"}}};
  if (steps) carries.push_back({{"terms", "n"}, zero, {0, 12}, {"terms", "n"}});
  const std::string more = i.either({"({a} // {b}) * {k} + {o}", "{a} // {b} * {k} + {o}"});
  i.while_loop(
      carries, {"goes_on", "unfinished"},
      [&](const Ids& at) {
        // The quotient by zero is not taken.
        const ValueId divisor =
            whole(i, {"safe", "divisor"}, "jnp.maximum({b}, 1)", {{"b", at[1]}}, {1, 2000});
        return Ids{test(
            i, {"fits"},
            both_hold(i, {"{n} > 0", "{n} <= 0"},
                      {"{a} // {b} * {k} + {o} < " + limit, "{a} // {b} * {k} + {o} >= " + limit}),
            {{"a", at[0]}, {"b", divisor}, {"n", at[1]}, {"k", at[5]}, {"o", at[4]}})};
      },
      {"next_convergent", "take_term"},
      [&](const Ids& at) {
        const Terms now = {{"a", at[0]}, {"b", at[1]}};
        Ids next = {
            at[1], whole(i, {"remainder"}, "{a} % {b}", now, range),
            at[3], whole(i, {"num_next"}, more, with(now, {{"k", at[3]}, {"o", at[2]}}), range),
            at[5], whole(i, {"den_next"}, more, with(now, {{"k", at[5]}, {"o", at[4]}}), range)};
        if (steps) next.push_back(whole(i, {"terms_next"}, "{n} + 1", {{"n", at[6]}}, {1, 12}));
        return next;
      });
}

// A number between zero and one between two fractions, by mediants.
void mediants(Idiom& i) {
  const Type type = counts(i, {});
  const ValueId x = i.input({"x", "ratio", "target"}, Shape{}, {0.02, 0.98});
  const std::int64_t limit = i.random().pick(std::vector<std::int64_t>{20, 50, 100});
  const std::string most = i.setting({"max_denominator", "limit"}, {fmt::format("{}", limit)});
  const Interval range{0, static_cast<double>(limit)};
  const ValueId one = count_from(i, {"one"}, 1, range), zero = count_from(i, {"zero"}, 0, range);
  const bool nearest = i.chance(0.6), by_cond = i.chance(0.5);
  const Words names = {"low_num", "low_den", "high_num", "high_den"};
  const Part part{{}, type, range};
  const std::string further =
      i.either({"{x} * ({b} + {d}) > {a} + {c}", "({a} + {c}) < {x} * ({b} + {d})"});
  const Ids ends = i.while_loop(
      {{{"a", "low_num"}, zero, range, {"low_num"}},
       {{"b", "low_den"}, one, range, {"low_den"}},
       {{"c", "high_num"}, one, range, {"high_num"}},
       {{"d", "high_den"}, one, range, {"high_den"}}},
      {"may_refine", "goes_on"},
      [&](const Ids& p) {
        return Ids{test(i, {"fits"},
                        i.either({"{b} + {d} <= " + most, "~({b} + {d} > " + most + ")"}),
                        {{"b", p[1]}, {"d", p[3]}})};
      },
      {"refine", "take_mediant"},
      [&](const Ids& p) {
        const Terms at = {{"a", p[0]}, {"b", p[1]}, {"c", p[2]}, {"d", p[3]}, {"x", x}};
        const ValueId above = test(i, {"above"}, further, at);
        const ValueId num = whole(i, {"num"}, "{a} + {c}", at, range);
        const ValueId den = whole(i, {"den"}, "{b} + {d}", at, range);
        if (by_cond)
          return i.cond(
              above, {}, {}, {"raise_low", "go_up"},
              [&](const Ids&) { return Ids{num, den, p[2], p[3]}; }, {"lower_high", "go_down"},
              [&](const Ids&) { return Ids{p[0], p[1], num, den}; },
              {{{"low_num_next"}, type, range},
               {{"low_den_next"}, type, range},
               {{"high_num_next"}, type, range},
               {{"high_den_next"}, type, range}});
        Ids next;
        const Ids side = {num, den};
        for (std::size_t k = 0; k < 4; ++k)
          next.push_back(i.let({names[k] + "_next"},
                               k < 2 ? "jnp.where($0, $1, $2)" : "jnp.where($0, $2, $1)",
                               {above, side[k % 2], p[k]}, type, range));
        return next;
      });
  if (!nearest) {
    i.called({"farey_neighbors", "bracket_by_fractions", "fractions_around"});
    i.summary("Give the fractions with small denominators next to a number on both sides.");
    return;
  }
  i.called({"best_fraction", "nearest_fraction", "approximate_ratio"});
  i.summary("Give the fraction with a small denominator that is nearest to a number.");
  const Terms at = {{"a", ends[0]}, {"b", ends[1]}, {"c", ends[2]}, {"d", ends[3]}, {"x", x}};
  const ValueId low =
      test(i, {"low_is_nearer", "take_low"}, "{x} - {a} / {b} < {c} / {d} - {x}", at);
  const Terms then = with(at, {{"l", low}});
  whole(i, {"numerator", "num"}, "jnp.where({l}, {a}, {c})", then, range);
  whole(i, {"denominator", "den"}, "jnp.where({l}, {b}, {d})", then, range);
}

// A fraction in its smallest terms from the terms of its continued fraction, from the last back.
void from_terms(Idiom& i) {
  const Type type = counts(i, {});
  const std::int64_t n = i.between(4, 7);
  const Interval range{0, 80000};
  const ValueId terms = i.input({"terms", "quotients"}, counts(i, {n}), {1, 4});
  const bool reverse = i.chance(0.5);
  i.called({"from_continued_fraction", "fraction_of_terms", "evaluate_terms"});
  i.summary("Turn the terms of a continued fraction into numerator and denominator.");
  const ValueId one = count_from(i, {"one"}, 1, range), zero = count_from(i, {"zero"}, 0, range);
  const std::string forms = i.either({"{t} * {n} + {d}", "{d} + {n} * {t}"});
  if (reverse) {
    i.scan(
        {"add_term", "step_back"},
        {{{"num"}, one, range, {"numerator", "num"}},
         {{"den"}, zero, range, {"denominator", "den"}}},
        {{{"term", "t"}, terms}}, {},
        [&](const Ids& p) {
          return Ids{whole(i, {"num_next"}, forms, {{"n", p[0]}, {"d", p[1]}, {"t", p[2]}}, range),
                     p[0]};
        },
        "reverse=True");
    return;
  }
  const bool all = i.chance(0.5);
  const Words stack = {"numerators", "nums"}, under = {"denominators", "dens"};
  if (all) {
    i.called({"all_convergents", "convergents_of_terms"});
    i.summary("Give all convergents of a continued fraction.");
  }
  const Words num_end = all ? Words{} : Words{"numerator", "num"},
              den_end = all ? Words{} : Words{"denominator", "den"};
  i.scan({"add_term", "next_convergent"},
         {{{"h0", "num_old"}, zero, range, {}},
          {{"h1", "num"}, one, range, num_end},
          {{"k0", "den_old"}, one, range, {}},
          {{"k1", "den"}, zero, range, den_end}},
         {{{"term", "t"}, terms}}, all ? std::vector<Words>{stack, under} : std::vector<Words>{},
         [&](const Ids& p) {
           const ValueId h =
               whole(i, {"num_next"}, forms, {{"n", p[1]}, {"d", p[0]}, {"t", p[4]}}, range);
           const ValueId k =
               whole(i, {"den_next"}, forms, {{"n", p[3]}, {"d", p[2]}, {"t", p[4]}}, range);
           return all ? Ids{p[1], h, p[3], k, h, k} : Ids{p[1], h, p[3], k};
         });
}

Op small_fraction() {
  return idiom("small_fraction", kLoop, 0.8, kForward, [](Idiom& i) {
    switch (single_precision(i) ? i.between(0, 2) : 2 * i.between(0, 1)) {
      case 0:
        return convergents(i);
      case 1:
        return mediants(i);
      default:
        return from_terms(i);
    }
  });
}

// ---- A circle ----

// Who is left of a circle in which every k-th has to go (Josephus); with k two by the largest
// power.
Op circle_survivor() {
  return idiom("circle_survivor", kLoop, 0.6, kForward, [](Idiom& i) {
    const Type type = counts(i, {});
    const Interval seats{0, 100};
    const ValueId n = i.input({"n", "people", "size"}, type, {4, 100});
    const bool from_one = i.chance(0.5);
    i.called({"josephus", "last_survivor", "circle_survivor"});
    const std::string numbered = from_one ? ", numbered from one" : ", numbered from zero";
    if (i.chance(0.3)) {
      i.summary("Give the place that is left when every second of a circle goes" + numbered + ".");
      const ValueId one = count_from(i, {"one", "power"}, 1, seats);
      const ValueId power = i.while_loop(
          {{{"power", "p"}, one, seats, {"power", "largest"}}}, {"fits", "may_double"},
          [&](const Ids& p) {
            return Ids{test(i, {"fits"}, i.either({"2 * {p} <= {n}", "{p} <= {n} // 2"}),
                            {{"p", p[0]}, {"n", n}})};
          },
          {"double", "grow"},
          [&](const Ids& p) {
            return Ids{
                whole(i, {"doubled"}, i.either({"2 * {p}", "{p} << 1"}), {{"p", p[0]}}, seats)};
          })[0];
      whole(i, {"survivor", "place"},
            from_one ? i.either({"2 * ({n} - {p}) + 1", "(({n} - {p}) << 1) | 1"})
                     : "2 * ({n} - {p})",
            {{"n", n}, {"p", power}}, {0, 101});
      return;
    }
    const bool given = i.chance(0.6);
    const std::int64_t fixed = i.random().pick(std::vector<std::int64_t>{3, 5, 7});
    const ValueId k = given ? i.input({"k", "every"}, type, {2, 9}) : kNoValue;
    const Term every = {"k", k, given ? std::string() : fmt::format("{}", fixed)};
    const std::string which = given        ? "k-th"
                              : fixed == 3 ? "third"
                              : fixed == 5 ? "fifth"
                                           : "seventh";
    i.summary("Give the place that is left when every " + which + " of a circle goes" + numbered +
              ".");
    const ValueId zero = count_from(i, {"first", "place"}, 0, seats),
                  two = count_from(i, {"two", "size"}, 2, {2, 101});
    const bool wraps = i.chance(0.5);
    const ValueId place = i.while_loop(
        {{{"m", "circle"}, two, {2, 101}, {}},
         {{"place", "r"}, zero, seats, {"survivor", "place"}}},
        {"smaller", "not_full"},
        [&](const Ids& p) {
          return Ids{test(i, {"smaller"}, i.either({"{m} <= {n}", "~({m} > {n})"}),
                          {{"m", p[0]}, {"n", n}})};
        },
        {"add_person", "grow_circle"},
        [&](const Ids& p) {
          const Terms at = {{"m", p[0]}, {"r", p[1]}, every};
          return Ids{whole(i, {"m_next"}, "{m} + 1", at, {3, 101}),
                     whole(i, {"place_next"},
                           wraps ? "({r} + {k}) % {m}" : "jnp.mod({r} + {k}, {m})", at, seats)};
        })[1];
    if (from_one)
      whole(i, {"number", "seat"}, "{r} + 1", {{"r", place}}, {1, 101});
    else if (i.chance(0.3)) {
      i.called({"survivor_distance", "steps_from_start"});
      i.summary("Give how far from the start the last of a circle sits when every " + which +
                " goes.");
      whole(i, {"distance", "gap"}, "jnp.minimum({r}, {n} - {r})", {{"r", place}, {"n", n}}, seats);
    }
  });
}

// ---- Digits ----

// Digits that check a code: what the last one has to be, and whether that is so. Luhn's for cards;
// ISO 7064 modulo 11 with 2, modulo 11 and 10, modulo 97.
struct Check {
  std::string says;
  Words names;
  std::int64_t start;  // of what is carried along the digits, and its largest value
  std::int64_t most;
  std::string step;  // of the carry {c} and a digit {d}
  Words last;        // the digit that is missing at the end
};

const std::vector<Check>& checks() {
  static const std::vector<Check> kChecks = {{"by ISO 7064 modulo 11 with 2, where 10 stands for X",
                                              {"mod_11_2", "orcid_check"},
                                              0,
                                              10,
                                              "2 * ({c} + {d}) % 11",
                                              {"(12 - {c}) % 11", "(1 - {c}) % 11"}},
                                             {"by ISO 7064 modulo 11 and 10",
                                              {"mod_11_10", "hybrid_check"},
                                              10,
                                              10,
                                              "2 * (({c} + {d} - 1) % 10 + 1) % 11",
                                              {"(11 - {c}) % 10", "(1 - {c}) % 10"}},
                                             {"by remainders of 97, as of bank accounts",
                                              {"mod_97", "iban_check"},
                                              0,
                                              96,
                                              "(10 * {c} + {d}) % 97",
                                              {"98 - 100 * {c} % 97", "98 - ({c} * 100) % 97"}}};
  return kChecks;
}

// Luhn's: every second digit from the right is doubled, and a double of two digits added up.
void luhn(Idiom& i, ValueId digits, std::int64_t n, bool whole_code) {
  const Type type = counts(i, {});
  const Type row = counts(i, {n});
  i.called(whole_code ? Words{"luhn_valid", "check_card", "luhn_remainder"}
                      : Words{"luhn_digit", "luhn_check", "card_check_digit"});
  i.summary(whole_code
                ? "Give what Luhn's sum of a code leaves over, and whether the code is valid."
                : "Give the digit that Luhn's rule adds to a code.");
  const ValueId turned = i.let({"from_right", "turned"}, i.either({"$0[::-1]", "jnp.flip($0)"}),
                               {digits}, row, {0, 9});
  ValueId total = kNoValue;
  // The last digit of a whole code is the check itself, which is not doubled.
  const std::string parity = whole_code ? "% 2 == 1" : "% 2 == 0";
  if (i.chance(0.5)) {
    const ValueId doubled = i.let({"doubled", "twice"},
                                  i.either({"jnp.where($0 > 4, 2 * $0 - 9, 2 * $0)",
                                            "2 * $0 - 9 * ($0 > 4)", "2 * $0 // 10 + 2 * $0 % 10"}),
                                  {turned}, row, {0, 9});
    const ValueId taken =
        i.let({"weighted", "taken"}, fmt::format("jnp.where(jnp.arange({}) {}, $0, $1)", n, parity),
              {doubled, turned}, row, {0, 9});
    total = i.let({"total", "luhn_sum"}, i.either({"jnp.sum($0)", "$0.sum()"}), {taken}, type,
                  {0, static_cast<double>(9 * n)});
  } else {
    const Interval sums{0, static_cast<double>(9 * n)};
    const ValueId zero = count_from(i, {"zero", "total"}, 0, sums);
    total = i.scan({"add_digit", "step"}, {{{"total", "acc"}, zero, sums, {"total", "luhn_sum"}}},
                   {{{"digit", "d"}, turned},
                    {{"place", "k"},
                     i.let({"places"}, fmt::format("jnp.arange({})", n), {}, row, below(n))}},
                   {},
                   [&](const Ids& p) {
                     const Terms at = {{"d", p[1]}, {"k", p[2]}};
                     const ValueId twice = test(i, {"twice", "is_doubled"}, "{k} " + parity, at);
                     const ValueId value =
                         whole(i, {"value", "weighted"},
                               i.either({"jnp.where({w}, 2 * {d} - 9 * ({d} > 4), {d})",
                                         "jnp.where({w}, 2 * {d} // 10 + 2 * {d} % 10, {d})"}),
                               with(at, {{"w", twice}}), {0, 9});
                     return Ids{
                         whole(i, {"total_next"}, "{t} + {v}", {{"t", p[0]}, {"v", value}}, sums)};
                   })
                .final[0];
  }
  const ValueId rest =
      whole(i, {whole_code ? "remainder" : "check", whole_code ? "left_over" : "check_digit"},
            whole_code ? std::string("{t} % 10") : i.either({"-{t} % 10", "(10 - {t} % 10) % 10"}),
            {{"t", total}}, {0, 9});
  if (!whole_code) return;
  i.keep(rest);
  test(i, {"valid", "is_valid"}, "{r} == 0", {{"r", rest}});
}

Op check_code() {
  return idiom("check_code", kLoop, 1.8, kZero, [](Idiom& i) {
    const std::int64_t n = std::clamp<std::int64_t>(i.size() + 3, 6, 16);
    const ValueId digits = i.input({"digits", "code"}, counts(i, {n}), {0, 9});
    const bool whole_code = i.chance(0.4);
    if (i.chance(0.3)) return luhn(i, digits, n, whole_code);
    const Check& check = i.random().pick(checks());
    const bool two = check.most == 96;  // digits at the end
    const std::int64_t kept = whole_code ? n - (two ? 2 : 1) : n;
    const std::string ends = two ? "two digits" : "digit";
    i.called({check.names[0] + (whole_code ? "_valid"
                                : two      ? "_digits"
                                           : "_digit"),
              check.names[1], "check_code"});
    i.summary(
        whole_code
            ? fmt::format("Give the {} that a code should end with {}, and whether it does.", ends,
                          check.says)
            : fmt::format("Give the {} that check{} a code {}.", ends, two ? "" : "s", check.says));
    const ValueId body = whole_code ? i.let({"body", "payload"}, fmt::format("$0[:{}]", kept - n),
                                            {digits}, counts(i, {kept}), {0, 9})
                                    : digits;
    const Interval range{0, static_cast<double>(check.most)},
        last{0, static_cast<double>(two ? 98 : 10)};
    const ValueId start = count_from(i, {"start", "carry"}, check.start, range);
    const Words names = {"carry", "acc"}, end = {"carry_end", "rest"};
    const ValueId carry = i.scan({"add_digit", "take_digit"}, {{names, start, range, end}},
                                 {{{"digit", "d"}, body}}, {},
                                 [&](const Ids& p) {
                                   return Ids{whole(i, {"carry_next"}, check.step,
                                                    {{"c", p[0]}, {"d", p[1]}}, range)};
                                 })
                              .final[0];
    const ValueId expected =
        whole(i, {"check", "expected"}, i.either(check.last), {{"c", carry}}, last);
    if (!whole_code) return;
    i.keep(expected);
    test(i, {"valid", "matches"}, two ? "{e} == 10 * {d}[-2] + {d}[-1]" : "{e} == {d}[-1]",
         {{"e", expected}, {"d", digits}});
  });
}

// ---- Searches by halves ----

// The rule that a number found by halving keeps to, monotone in it: what it says of {m}.
struct Sought {
  Words names;
  std::string says;
  std::string holds;       // for small numbers and no others, or for large ones and no others
  bool largest;            // the largest for which it holds, else the smallest
  std::int64_t low, high;  // between which it lies
  std::string left;        // what is left over; empty: nothing to say
  Words left_names;
};

Sought rooted(Idiom& i) {
  static const std::vector<Sought> kRoots = {
      {{"integer_cbrt", "cube_root"},
       "Give the largest integer whose cube is at most a number.",
       "{m} * {m} * {m} <= {n}",
       true,
       0,
       64,
       "{n} - {m} * {m} * {m}",
       {"over_cube", "remainder"}},
      {{"triangular_root", "full_rows"},
       "Give how many rows of a triangle a number of pieces fills.",
       "{m} * ({m} + 1) // 2 <= {n}",
       true,
       0,
       512,
       "{n} - {m} * ({m} + 1) // 2",
       {"pieces_left", "remainder"}},
      {{"pyramid_layers", "full_layers"},
       "Give how many layers of a square pyramid a number of balls fills.",
       "{m} * ({m} + 1) * (2 * {m} + 1) // 6 <= {n}",
       true,
       0,
       96,
       "{n} - {m} * ({m} + 1) * (2 * {m} + 1) // 6",
       {"balls_left", "remainder"}}};
  return i.random().pick(kRoots);
}

Sought shared(Idiom& i) {
  static const std::vector<Sought> kShares = {
      {{"smallest_batch_size"},
       "Give the smallest size of batches that splits all piles into at most so many batches.",
       "jnp.sum(({a} + {m} - 1) // {m}) <= {n}",
       false,
       1,
       60,
       "{n} - jnp.sum(({a} + {m} - 1) // {m})",
       {"spare", "batches_left"}},
      {{"longest_piece", "largest_cut"},
       "Give the greatest length of which so many pieces can be cut from all boards.",
       "jnp.sum({a} // {m}) >= {n}",
       true,
       0,
       60,
       "jnp.sum({a} // jnp.maximum({m}, 1)) - {n}",
       {"spare", "extra_pieces"}}};
  return i.random().pick(kShares);
}

Op search_integer() {
  return idiom("search_integer", kLoop, 2.0, kForward, [](Idiom& i) {
    const Type type = counts(i, {});
    const bool roots = i.chance(0.5);
    const Sought s = roots ? rooted(i) : shared(i);
    const std::int64_t piles = std::clamp<std::int64_t>(i.size(), 3, 12);
    const auto count = static_cast<double>(piles);
    const ValueId n = roots       ? i.input({"n", "number", "total"}, type, {50, 100000})
                      : s.largest ? i.input({"pieces", "wanted"}, type, {count, 4 * count})
                                  : i.input({"max_batches", "limit"}, type, {count, 4 * count});
    const ValueId a = roots       ? kNoValue
                      : s.largest ? i.input({"boards", "lengths"}, counts(i, {piles}), {8, 60})
                                  : i.input({"piles", "amounts"}, counts(i, {piles}), {4, 60});
    i.called(s.names);
    i.summary(s.says);
    const Interval range{static_cast<double>(s.low), static_cast<double>(s.high)};
    const ValueId low = count_from(i, {"low", "lo"}, s.low, range);
    const ValueId high =
        roots || i.chance(0.5)
            ? count_from(i, {"high", "hi"}, s.high, range)
            : i.let({"high", "hi"}, i.either({"jnp.max($0)", "$0.max()"}), {a}, type, range);
    const bool by_cond = i.chance(0.4);
    // Rounded to the side from which the search goes on, or it would stand still.
    const std::string middle =
        s.largest
            ? i.either({"({l} + {h} + 1) // 2", "{h} - ({h} - {l}) // 2", "({l} + {h} + 1) >> 1"})
            : i.either({"({l} + {h}) // 2", "{l} + ({h} - {l}) // 2", "({l} + {h}) >> 1"});
    const ValueId found = i.while_loop(
        {{{"low", "lo"}, low, range, {s.largest ? "largest" : "smallest", "found"}},
         {{"high", "hi"}, high, range, {}}},
        {"not_found", "wide"},
        [&](const Ids& p) {
          return Ids{test(i, {"open"}, i.either({"{l} < {h}", "{h} - {l} > 0"}),
                          {{"l", p[0]}, {"h", p[1]}})};
        },
        {"halve", "narrow"},
        [&](const Ids& p) {
          const Terms at = {{"l", p[0]}, {"h", p[1]}, {"n", n}, {"a", a}};
          const ValueId mid = whole(i, {"mid", "middle"}, middle, at, range);
          const Terms now = with(at, {{"m", mid}});
          const ValueId holds = test(i, {"fits", "enough"}, s.holds, now);
          const Terms then = with(now, {{"f", holds}});
          const std::string beyond = s.largest ? "{m} - 1" : "{m} + 1";
          if (by_cond) {
            const auto moved = [&] { return whole(i, {"beyond"}, beyond, now, range); };
            const Idiom::Fill raise = [&](const Ids&) {
              return s.largest ? Ids{mid, p[1]} : Ids{moved(), p[1]};
            };
            const Idiom::Fill lower = [&](const Ids&) {
              return s.largest ? Ids{p[0], moved()} : Ids{p[0], mid};
            };
            return i.cond(holds, {}, {}, {s.largest ? "upper_half" : "lower_half", "when_it_fits"},
                          s.largest ? raise : lower,
                          {s.largest ? "lower_half" : "upper_half", "otherwise"},
                          s.largest ? lower : raise,
                          {{{"low_next"}, type, range}, {{"high_next"}, type, range}});
          }
          return s.largest
                     ? Ids{whole(i, {"low_next"}, "jnp.where({f}, {m}, {l})", then, range),
                           whole(i, {"high_next"}, "jnp.where({f}, {h}, {m} - 1)", then, range)}
                     : Ids{whole(i, {"low_next"}, "jnp.where({f}, {l}, {m} + 1)", then, range),
                           whole(i, {"high_next"}, "jnp.where({f}, {m}, {h})", then, range)};
        })[0];
    if (!i.chance(0.45)) return;
    i.keep(found);
    whole(i, s.left_names, s.left, {{"m", found}, {"n", n}, {"a", a}}, {0, 10000});
  });
}

// ---- Text ----

// The number that characters spell: digits, in a base, with what separates them left out, a sign or
// a point.
Op parse_number() {
  return idiom("parse_number", kLoop, 1.8, kZero, [](Idiom& i) {
    const Type type = counts(i, {});
    const std::int64_t n = i.between(4, 7),
                       base = i.random().pick(std::vector<std::int64_t>{10, 10, 8, 2});
    const std::string b = fmt::format("{}", base), highest = fmt::format("{}", 47 + base);
    const bool point = base == 10 && i.chance(0.4), sign = !point && i.chance(0.4),
               stops = !point && base > 2 && i.chance(0.4), by_cond = i.chance(0.4);
    // From "-", "." and "/" to the digits, or some more on both sides.
    const ValueId codes =
        i.input({"codes", "characters", "text"}, counts(i, {n}),
                point ? Interval{45, 57} : Interval{46, static_cast<double>(48 + base)});
    const Interval range{-1e7, 1e7};
    const std::string in = base == 10 ? "" : base == 2 ? " in base two" : " in base eight";
    i.called({point ? "parse_decimal" : "parse_integer", "read_number", "number_from_text"});
    i.summary("Read the number that characters spell" + in +
              (point   ? ", and how many of its digits stand behind the point."
               : stops ? ", up to the first that is no digit."
                       : ", leaving out what is no digit."));
    const ValueId zero = count_from(i, {"zero", "value"}, 0, range);
    std::vector<Idiom::Carry> carries = {{{"value", "acc"}, zero, range, {"value", "number"}}};
    if (point) {
      carries.push_back({{"places", "behind"}, zero, {0, 7}, {"places", "decimals"}});
      carries.push_back({{"seen", "has_point"},
                         i.let({"no_point"}, "jnp.array(False)", {}, flags({}), {0, 1}),
                         {0, 1},
                         {}});
    }
    if (stops)
      carries.push_back({{"going", "open"},
                         i.let({"begun"}, "jnp.array(True)", {}, flags({}), {0, 1}),
                         {0, 1},
                         {}});
    const std::string is_digit = i.either(
        {"({c} >= 48) & ({c} <= " + highest + ")", "({c} - 48 >= 0) & ({c} - 48 < " + b + ")"});
    const std::string grown = i.either({b + " * {v} + {c} - 48", "{v} * " + b + " + ({c} - 48)"});
    const ValueId value =
        i.scan({"read_character", "take_digit"}, carries, {{{"code", "c"}, codes}}, {},
               [&](const Ids& p) {
                 Terms at = {{"c", p.back()}, {"v", p[0]}};
                 ValueId digit = test(i, {"is_digit"}, is_digit, at);
                 if (stops)
                   digit = i.let({"still", "counts"}, "$0 & $1", {p[1], digit}, flags({}), {0, 1});
                 at.push_back({"d", digit});
                 const ValueId next =
                     by_cond ? i.cond(
                                   digit, {}, {}, {"append", "shift_in"},
                                   [&](const Ids&) {
                                     return Ids{whole(i, {"longer"}, grown, at, range)};
                                   },
                                   {"skip", "keep"}, [&](const Ids&) { return Ids{p[0]}; },
                                   {{{"value_next"}, type, range}})[0]
                             : whole(i, {"value_next"}, "jnp.where({d}, " + grown + ", {v})", at,
                                     range);
                 if (stops) return Ids{next, digit};
                 if (!point) return Ids{next};
                 const Terms here = with(at, {{"k", p[1]}, {"s", p[2]}});
                 return Ids{next, whole(i, {"places_next"}, "{k} + ({d} & {s})", here, {0, 7}),
                            test(i, {"seen_next"}, "{s} | ({c} == 46)", here)};
               })
            .final[0];
    if (sign) {
      const ValueId negative = i.input({"negative", "has_minus"}, flags({}), {0, 1});
      whole(i, {"signed", "number"}, i.either({"jnp.where({n}, -{v}, {v})", "{v} * (1 - 2 * {n})"}),
            {{"n", negative}, {"v", value}}, range);
    }
  });
}

// ---- Powers of two ----

// An integer of 32 bits, and where what is made of it lies.
struct Word {
  ValueId n;
  Type type;
  Interval range;
};

void next_or_previous_power(Idiom& i, const Word& word, bool above) {
  i.called(above ? Words{"next_power_of_two", "round_up_to_power", "padded_size"}
                 : Words{"previous_power_of_two", "highest_bit", "round_down_to_power"});
  i.summary(above ? "Give the smallest power of two that is no smaller."
                  : "Give the largest power of two that is no larger.");
  ValueId power = kNoValue;
  if (i.chance(0.5)) {
    power = i.let(
        {"power", above ? "padded" : "leading"},
        above ? i.either({"1 << (32 - lax.clz($0 - 1))", "jnp.left_shift(1, 32 - lax.clz($0 - 1))"})
              : i.either({"1 << (31 - lax.clz($0))", "jnp.left_shift(1, 31 - lax.clz($0))"}),
        {word.n}, word.type, word.range);
  } else {
    ValueId m = above ? i.let({"m", "below"}, "$0 - 1", {word.n}, word.type, word.range) : word.n;
    i.comment("All bits below the highest are set.");
    for (const int by : {1, 2, 4, 8, 16})
      m = i.let({fmt::format("m{}", by)}, fmt::format("$0 | ($0 >> {})", by), {m}, word.type,
                word.range);
    power = i.let({"power", above ? "padded" : "leading"},
                  above ? "$0 + 1" : i.either({"$0 - ($0 >> 1)", "($0 >> 1) + 1"}), {m}, word.type,
                  word.range);
  }
  if (i.chance(0.4)) {
    i.called(above ? Words{"padding_to_power", "pad_amount"}
                   : Words{"excess_over_power", "without_highest_bit"});
    i.summary(above ? "Give what a size lacks to the next power of two."
                    : "Give what a number has over the largest power of two in it.");
    i.let({above ? "padding" : "excess"}, above ? "$1 - $0" : i.either({"$0 - $1", "$0 ^ $1"}),
          {word.n, power}, word.type, word.range);
  }
}

void trailing_zeros_or_log2(Idiom& i, const Word& word) {
  const bool trailing = i.chance(0.5);
  const Interval bits{0, 21};
  i.called(trailing ? Words{"trailing_zeros", "count_trailing_zeros", "twos_in_number"}
                    : Words{"floor_log2", "integer_log2", "bit_index"});
  i.summary(trailing ? "Count how often a number can be halved."
                     : "Give the logarithm to base two, rounded down.");
  if (!trailing) {
    i.let({"log2", "exponent"}, i.either({"31 - lax.clz($0)", "31 - jax.lax.clz($0)"}), {word.n},
          word.type, bits);
    return;
  }
  const ValueId lowest =
      i.let({"lowest", "low_bit"}, i.either({"$0 & -$0", "$0 ^ ($0 & ($0 - 1))", "$0 & (~$0 + 1)"}),
            {word.n}, word.type, word.range);
  i.let({"zeros", "twos"}, i.either({"lax.population_count($0 - 1)", "31 - lax.clz($0)"}), {lowest},
        word.type, bits);
}

void align_to_multiple(Idiom& i, const Word& word) {
  const bool up = i.chance(0.6), given = i.chance(0.6);
  const std::string power = i.either({"8", "16", "64"});
  const ValueId exponent =
      given ? i.input({"shift", "log_alignment"}, Type{DType::kI32, {}}, {1, 8}) : kNoValue;
  i.called(up ? Words{"align_up", "round_up_to_multiple", "aligned_size"}
              : Words{"align_down", "round_down_to_multiple", "aligned_start"});
  i.summary(
      given ? fmt::format("Round a size {} to a multiple of a power of two.", up ? "up" : "down")
            : fmt::format("Round a size {} to a multiple of {}.", up ? "up" : "down", power));
  if (!given) {
    const std::string mask = fmt::format("{}", std::stol(power) - 1);
    i.let({"aligned"},
          up ? i.either({"($0 + " + mask + ") & ~" + mask, "($0 + " + mask + ") & -" + power})
             : i.either({"$0 & ~" + mask, "$0 & -" + power, "$0 - ($0 & " + mask + ")"}),
          {word.n}, word.type, word.range);
    return;
  }
  const ValueId mask =
      i.let({"mask", "below"}, "(1 << $0) - 1", {exponent}, Type{DType::kI32, {}}, {1, 255});
  i.let({"aligned"}, up ? "($0 + $1) & ~$1" : i.either({"$0 & ~$1", "$0 - ($0 & $1)"}),
        {word.n, mask}, word.type, word.range);
}

void rotate_bits(Idiom& i, const Word& word) {
  const auto width = i.random().pick(std::vector<std::int64_t>{8, 12, 16});
  const std::string w = fmt::format("{}", width),
                    all = fmt::format("{}", (std::int64_t{1} << width) - 1);
  const bool left = i.chance(0.5);
  const ValueId by =
      i.input({"count", "turn"}, Type{DType::kI32, {}}, {1, static_cast<double>(width - 1)});
  i.called({left ? "rotate_left" : "rotate_right", "rotate_bits"});
  i.summary(
      fmt::format("Turn the low {} bits of a word to the {}.", width, left ? "left" : "right"));
  const Interval low{0, static_cast<double>((std::int64_t{1} << width) - 1)};
  const ValueId masked = i.let({"low", "masked"}, "$0 & " + all, {word.n}, word.type, low);
  const std::string there = left ? "<<" : ">>", back = left ? ">>" : "<<";
  i.let({"rotated", "turned"},
        "(($0 " + there + " $1) | ($0 " + back + " (" + w + " - $1))) & " + all, {masked, by},
        word.type, low);
}

// Of words of 32 bits: the power of two next to a number, its logarithm, the lowest bit, a multiple
// of a power, bits turned round the end.
Op power_of_two() {
  return idiom("binary_power", kArithmetic, 1.8, kZero, [](Idiom& i) {
    const Shape shape = i.chance(0.75) ? Shape{} : row(i, 3);
    const Type type{DType::kI32, shape};
    const double top = i.number({2000, 100000, 1e6});
    const auto what = i.between(0, 4);
    const ValueId n = i.input(what == 3   ? Words{"size", "length", "offset"}
                              : what == 4 ? Words{"word", "register", "bits"}
                                          : Words{"n", "number", "size"},
                              type, {1, top});
    const Word word{n, type, {0, 2 * top}};
    switch (what) {
      case 0:
      case 1:
        return next_or_previous_power(i, word, what == 0);
      case 2:
        return trailing_zeros_or_log2(i, word);
      case 3:
        return align_to_multiple(i, word);
      default:
        return rotate_bits(i, word);
    }
  });
}

}  // namespace

std::vector<Op> scalar_code_idioms() {
  return {small_fraction(), circle_survivor(), check_code(),
          search_integer(), parse_number(),    power_of_two()};
}

}  // namespace jaxsmith::plan
