// Calendars, factors and digits of single integers, noise and rotations by shifts.
#include <fmt/format.h>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"
#include "plan/jax/idioms_scalar_parts.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;
using Part = Idiom::Part;

// ---- Calendars ----

struct Date {
  ValueId year, month, day;
};

Date date_of(Idiom& i, const Words& names) {
  const Type type = counts(i, {});
  const ValueId year = i.input({names[0], "y"}, type, {1600, 2400});
  const ValueId month = i.input({names[1], "m"}, type, {1, 12});
  return {year, month, i.input({names[2], "d"}, type, {1, 28})};
}

Terms terms_of(const Date& date) { return {{"y", date.year}, {"m", date.month}, {"d", date.day}}; }

ValueId leap_year(Idiom& i, ValueId year) {
  return test(i, {"leap", "is_leap"},
              i.either({"({y} % 4 == 0) & (({y} % 100 != 0) | ({y} % 400 == 0))",
                        "(({y} % 4 == 0) & ({y} % 100 != 0)) | ({y} % 400 == 0)",
                        "({y} % 4 == 0) & ~(({y} % 100 == 0) & ({y} % 400 != 0))",
                        "jnp.logical_and({y} % 4 == 0, jnp.logical_or({y} % 100 != 0, {y} % 400 == "
                        "0))",
                        "jnp.where({y} % 100 == 0, {y} % 400 == 0, {y} % 4 == 0)"}),
              {{"y", year}});
}

// The number of a day, counted from a fixed one: by the Julian day number or by years that begin in
// March.
ValueId day_number(Idiom& i, bool julian, const Date& date, Words names) {
  if (julian) {
    const ValueId shift = whole(i, {"a", "early"}, "(14 - {m}) // 12", terms_of(date), {0, 1});
    const Terms all = with(terms_of(date), {{"a", shift}});
    const ValueId y = whole(i, {"y", "years"}, "{y} + 4800 - {a}", all, {6399, 7200});
    const ValueId m = whole(i, {"m", "months"}, "{m} + 12 * {a} - 3", all, {0, 11});
    return whole(i, std::move(names),
                 "{d} + (153 * {n} + 2) // 5 + 365 * {z} + {z} // 4 - {z} // 100 + {z} // 400 - "
                 "32045",
                 with(all, {{"z", y}, {"n", m}}), {2.3e6, 2.6e6});
  }
  i.comment("Years that begin in March end with the day that leap years add.");
  const ValueId y = whole(i, {"years", "y"}, "{y} - ({m} <= 2)", terms_of(date), {1599, 2400});
  const ValueId era = whole(i, {"era", "cycle"}, "{y} // 400", {{"y", y}}, {3, 6});
  const ValueId of_era =
      whole(i, {"year_of_era", "yoe"}, i.either({"{y} - 400 * {e}", "{y} % 400"}),
            {{"y", y}, {"e", era}}, {0, 399});
  const ValueId of_year = whole(i, {"day_of_year", "doy"},
                                i.either({"(153 * (({m} + 9) % 12) + 2) // 5 + {d} - 1",
                                          "(153 * jnp.where({m} > 2, {m} - 3, {m} + 9) + 2) // 5 + "
                                          "{d} - 1"}),
                                terms_of(date), {0, 365});
  return whole(i, std::move(names), "146097 * {e} + 365 * {y} + {y} // 4 - {y} // 100 + {n}",
               {{"e", era}, {"y", of_era}, {"n", of_year}}, {5e5, 1e6});
}

// The date of Easter by Gauss, Meeus and others.
void easter(Idiom& i) {
  const ValueId year = i.input({"year", "y"}, counts(i, {}), {1600, 2400});
  i.called({"easter_day", "easter_sunday", "computus"});
  i.summary("Find on which day of March or April Easter falls.");
  const auto step = [&](Words names, const std::string& form, const Terms& terms, double top) {
    return whole(i, std::move(names), form, terms, {0, top});
  };
  const Terms y = {{"y", year}};
  const ValueId golden = step({"golden", "a"}, "{y} % 19", y, 18);
  const ValueId century = step({"century", "b"}, "{y} // 100", y, 24);
  const ValueId rest = step({"of_century", "c"}, "{y} % 100", y, 99);
  const ValueId correction = step({"correction", "g"}, "(8 * {b} + 13) // 25", {{"b", century}}, 8);
  const ValueId epact = step({"epact", "h"}, "(19 * {a} + {b} - {b} // 4 - {g} + 15) % 30",
                             {{"a", golden}, {"b", century}, {"g", correction}}, 29);
  const ValueId offset =
      step({"weekday_shift", "l"}, "(32 + 2 * ({b} % 4) + 2 * ({c} // 4) - {h} - {c} % 4) % 7",
           {{"b", century}, {"c", rest}, {"h", epact}}, 6);
  const ValueId late = step({"late", "m"}, "({a} + 11 * {h} + 22 * {l}) // 451",
                            {{"a", golden}, {"h", epact}, {"l", offset}}, 1);
  const ValueId code = step({"code", "n"}, "{h} + {l} - 7 * {m} + 114",
                            {{"h", epact}, {"l", offset}, {"m", late}}, 155);
  if (i.chance(0.5)) {
    i.let({"month"}, "$0 // 31", {code}, counts(i, {}), {3, 4});
    i.let({"day"}, "$0 % 31 + 1", {code}, counts(i, {}), {1, 31});
  } else {
    i.comment("Counted from the last of February.");
    i.let({"day_of_march", "days"}, "31 * ($0 // 31 - 3) + $0 % 31 + 1", {code}, counts(i, {}),
          {22, 56});
  }
}

// The day of the year, as part of a code or of a number of years.
void ordinal_date(Idiom& i, const Date& date, ValueId leap) {
  const Terms terms = terms_of(date);
  const ValueId k =
      whole(i, {"february_gap", "k"}, i.either({"jnp.where({l}, 1, 2)", "2 - {l}.astype(int)"}),
            {{"l", leap}}, {1, 2});
  const ValueId day =
      whole(i, {"ordinal", "day_of_year"}, "275 * {m} // 9 - {k} * (({m} + 9) // 12) + {d} - 30",
            with(terms, {{"k", k}}), {1, 366});
  const Terms known = with(terms, {{"n", day}, {"l", leap}});
  if (single_precision(i) && i.chance(0.5)) {
    i.called({"decimal_year", "year_fraction"});
    i.summary("Turn a date into a number of years.");
    const ValueId part =
        real(i, {"fraction", "share"},
             "({n} - 1) / (365.0 + {l}.astype(" + i.either({"float", "jnp.float32"}) + "))", known,
             {0, 1});
    real(i, {"decimal_year"}, "{y} + {f}", {{"y", date.year}, {"f", part}}, {1600, 2401});
    return;
  }
  i.called({"ordinal_date", "ordinal_code"});
  i.summary("Give the ordinal code of a date: the year, then the day of the year.");
  whole(i, {"code"}, i.either({"1000 * {y} + {n}", "{y} * 1000 + {n}"}), known, {1.6e6, 2.5e6});
}

// The date some days later, at most in the next month.
void date_after(Idiom& i, const Date& date, ValueId leap) {
  i.called({"date_after", "add_days", "due_date"});
  i.summary("Give the date up to 28 days after another.");
  const ValueId more = i.input({"days", "term"}, counts(i, {}), {1, 28});
  const ValueId length =
      whole(i, {"length", "month_length"},
            i.either({"jnp.where({m} == 2, jnp.where({l}, 29, 28), 30 + ({m} + {m} // 8) % 2)",
                      "jnp.where({m} == 2, 28 + {l}, 31 - ({m} - 1) % 7 % 2)",
                      "jnp.where({m} != 2, 30 + (({m} + ({m} > 7)) & 1), 28 + {l})"}),
            with(terms_of(date), {{"l", leap}}), {28, 31});
  const ValueId day =
      whole(i, {"total", "day_later"}, "{d} + {n}", {{"d", date.day}, {"n", more}}, {2, 56});
  const Terms all = with(terms_of(date), {{"t", day}, {"n", length}});
  const ValueId over =
      test(i, {"next_month", "over"}, i.either({"{t} > {n}", "~({t} <= {n})"}), all);
  const Terms known = with(all, {{"o", over}});
  whole(i, {"year_after", "new_year"},
        i.either({"{y} + ({o} & ({m} == 12))", "jnp.where({o} & ({m} == 12), {y} + 1, {y})",
                  "jnp.where(jnp.logical_and({o}, {m} == 12), {y} + 1, {y})"}),
        known, {1600, 2401});
  whole(i, {"month_after", "new_month"}, "jnp.where({o}, {m} % 12 + 1, {m})", known, {1, 12});
  whole(i, {"day_after", "new_day"},
        i.either({"jnp.where({o}, {t} - {n}, {t})", "{t} - {o} * {n}"}), known, {1, 31});
}

// Days of weeks and years, dates some days later, days between dates; Easter.
Op calendar_date() {
  return idiom("calendar_date", kArithmetic, 2.2, kZero, [](Idiom& i) {
    // Leap years seldom matter to one date alone.
    const int what = i.random().pick(std::vector<int>{0, 0, 1, 2, 3, 3, 4, 4});
    if (what == 4) return easter(i);
    const bool julian = i.chance(0.5);
    const Date date = date_of(i, {"year", "month", "day"});
    const Terms terms = terms_of(date);
    if (what == 0) {
      i.called({"day_of_week", "weekday"});
      i.summary("Tell on which day of the week a date falls.");
      if (i.chance(0.5)) {
        const ValueId number = day_number(i, julian, date, {"days", "day_number"});
        i.summary("Number the weekday of a date, Sunday being zero.");
        whole(i, {"weekday"}, julian ? "({n} + 1) % 7" : "({n} + 3) % 7", {{"n", number}}, {0, 6});
        return;
      }
      i.summary("Number the weekday of a date by Zeller's congruence, Saturday being zero.");
      i.comment("January and February count as months of the year before.");
      const ValueId early = test(i, {"early", "winter"}, i.either({"{m} < 3", "{m} <= 2"}), terms);
      const Ids moved = i.cond(
          early, {date.year, date.month},
          {{{"y"}, counts(i, {}), {1600, 2400}}, {{"m"}, counts(i, {}), {1, 12}}},
          {"shift_back", "to_last_year"},
          [&](const Ids& p) {
            const ValueId y = whole(i, {"before"}, "{y} - 1", {{"y", p[0]}}, {1599, 2400});
            return Ids{y, whole(i, {"later"}, "{m} + 12", {{"m", p[1]}}, {13, 14})};
          },
          {"keep", "as_is"}, [](const Ids& p) { return p; },
          {{{"y", "year_z"}, counts(i, {}), {1599, 2400}},
           {{"m", "month_z"}, counts(i, {}), {3, 14}}});
      whole(i, {"weekday"},
            "({d} + 13 * ({m} + 1) // 5 + {y} + {y} // 4 - {y} // 100 + {y} // 400) % 7",
            {{"d", date.day}, {"m", moved[1]}, {"y", moved[0]}}, {0, 6});
      return;
    }
    if (what == 3) {
      i.called({"days_between", "date_difference"});
      i.summary("Count the days between two dates.");
      const Date end = date_of(i, {"end_year", "end_month", "end_day"});
      const ValueId from = day_number(i, julian, date, {"start", "first"});
      const ValueId to = day_number(i, julian, end, {"end", "last"});
      const bool weeks = i.chance(0.4), ahead = !weeks && i.chance(0.5);
      if (weeks) i.called({"weeks_between", "week_difference"});
      if (ahead) i.called({"days_until", "days_from_to"});
      if (weeks) i.summary("Count the whole weeks between two dates.");
      whole(i, {weeks ? "weeks" : "days", "difference"},
            weeks   ? "jnp.abs({b} - {a}) // 7"
            : ahead ? "{b} - {a}"
                    : "jnp.abs({b} - {a})",
            {{"a", from}, {"b", to}}, {-3e5, 3e5});
      return;
    }
    const ValueId leap = leap_year(i, date.year);
    if (what == 1) return ordinal_date(i, date, leap);
    date_after(i, date, leap);
  });
}

// ---- Factors ----

// How many divisors a number has, or their sum, in pairs up to the root.
void count_divisors(Idiom& i, ValueId n, double top) {
  const Type type = counts(i, {});
  const Interval range{0, top};
  const bool sum = i.chance(0.5), by_cond = i.chance(0.5);
  i.called(sum ? Words{"divisor_sum", "sum_of_divisors"}
               : Words{"count_divisors", "divisor_count"});
  i.summary(sum ? "Add up the divisors of a number." : "Count the divisors of a number.");
  const ValueId one = i.builder().literal(1, i.integer());
  const ValueId zero = zero_like(i, {"total", "count"}, n, range);
  const Part total{{"t", "acc"}, type, {0, 4 * top}};
  i.while_loop(
      {{{"d", "divisor"}, one, {1, 80}, {}},
       {{"total", "count"}, zero, {0, 4 * top}, {sum ? "divisor_sum" : "divisors", "total"}}},
      {"below_root", "unfinished"},
      [&](const Ids& p) {
        return Ids{test(i, {"more"}, i.either({"{d} * {d} <= {n}", "{d} <= {n} // {d}"}),
                        {{"d", p[0]}, {"n", n}})};
      },
      {"try_divisor", "next_divisor"},
      [&](const Ids& p) {
        const Terms all = {{"d", p[0]}, {"n", n}, {"t", p[1]}};
        const ValueId divides =
            test(i, {"divides"}, i.either({"{n} % {d} == 0", "jnp.equal({n} % {d}, 0)"}), all);
        // The root of a square is one divisor, others come in pairs.
        const std::string pair =
            sum ? i.either({"{d} + jnp.where({d} * {d} == {n}, 0, {n} // {d})",
                            "jnp.where({d} * {d} != {n}, {d} + {n} // {d}, {d})"})
                : i.either({"jnp.where({d} * {d} == {n}, 1, 2)", "1 + ({d} * {d} != {n})"});
        ValueId next = kNoValue;
        if (by_cond) {
          next = i.cond(
              divides, {p[1]}, {total}, {"count_pair", "add_divisors"},
              [&](const Ids& q) {
                return Ids{whole(i, {"added"}, "{t} + " + pair,
                                 {{"d", p[0]}, {"n", n}, {"t", q[0]}}, {0, 4 * top})};
              },
              {"skip", "keep"}, [](const Ids& q) { return q; },
              {{{"next_total"}, type, {0, 4 * top}}})[0];
        } else {
          const ValueId more = whole(i, {"pair", "gain"}, pair, all, {0, top});
          next = i.let({"next_total"}, "jnp.where($0, $1 + $2, $1)", {divides, p[1], more}, type,
                       {0, 4 * top});
        }
        return Ids{whole(i, {"d_next"}, "{d} + 1", {{"d", p[0]}}, {1, 80}), next};
      });
}

// Trial division up to the root: the smallest factor, whether there is one, how many divisors.
Op trial_division() {
  return idiom("trial_division", kLoop, 2.0, kForward, [](Idiom& i) {
    const double top = i.number({200, 1000, 5000});
    const Interval range{0, top};
    const Type type = counts(i, {});
    const ValueId n = i.input({"n", "number", "candidate"}, type, {3, top});
    const auto what = i.between(0, 2);
    if (what == 2) return count_divisors(i, n, top);
    // A number that is its own smallest factor is a prime.
    const bool tells = what == 1, gives = !tells || i.chance(0.5);
    i.called(!tells  ? Words{"smallest_factor", "least_prime_factor"}
             : gives ? Words{"factor_or_prime", "test_prime"}
                     : Words{"is_prime", "primality"});
    i.summary(!tells  ? "Find the smallest prime factor of a number."
              : gives ? "Find the smallest prime factor of a number and tell whether it is prime."
                      : "Tell whether a number is prime by trial division.");
    const bool odd_only = i.chance(0.5);
    const ValueId two = i.builder().literal(2, i.integer());
    const std::string going =
        both_hold(i, {"{d} * {d} <= {n}", "{d} * {d} > {n}"}, {"{n} % {d} != 0", "{n} % {d} == 0"});
    const ValueId d = i.while_loop(
        {{{"d", "divisor", "k"}, two, {2, 80}, {"divisor", "d"}}}, {"not_found", "keep_trying"},
        [&](const Ids& p) { return Ids{test(i, {"open"}, going, {{"d", p[0]}, {"n", n}})}; },
        {"next_divisor", "advance"},
        [&](const Ids& p) {
          return Ids{
              whole(i, {"d_next"},
                    odd_only ? i.either({"{d} + jnp.where({d} == 2, 1, 2)", "{d} + 1 + ({d} > 2)"})
                             : "{d} + 1",
                    {{"d", p[0]}}, {2, 80})};
        })[0];
    const Terms all = {{"d", d}, {"n", n}};
    if (gives) {
      const ValueId factor = whole(
          i, {"factor", "smallest"},
          i.either({"jnp.where({d} * {d} > {n}, {n}, {d})", "jnp.where({n} % {d} == 0, {d}, {n})"}),
          all, range);
      if (!tells && i.chance(0.5))
        whole(i, {"cofactor", "rest"}, "{n} // {f}", {{"n", n}, {"f", factor}}, range);
      if (tells) i.keep(factor);
    }
    if (tells)
      test(i, {"prime", "is_prime"}, i.either({"{d} * {d} > {n}", "~({d} * {d} <= {n})"}), all);
  });
}

constexpr Interval kCoefficients{-1e4, 1e4};

// The greatest common divisor of a number and a modulus, and the coefficient of the number in it.
struct Euclid {
  ValueId a;
  Term mod;
  ValueId divisor, coefficient;
};

Terms terms_of(const Euclid& found) {
  return {{"a", found.a}, {"g", found.divisor}, {"t", found.coefficient}, found.mod};
}

Euclid euclid(Idiom& i, ValueId a, const Term& mod) {
  const Type type = counts(i, {});
  const bool given = mod.id != kNoValue;
  const ValueId zero = zero_like(i, {"s", "zero"}, a, kCoefficients);
  const ValueId one = i.let({"t", "one"}, i.either({"jnp.ones_like($0)", "jnp.ones((), $0.dtype)"}),
                            {a}, type, kCoefficients);
  const ValueId big =
      given ? mod.id : whole(i, {"r", "big"}, "jnp.full_like({a}, {m})", {{"a", a}, mod}, {0, 1e4});
  const bool ends_one = i.chance(0.4);
  const Ids out = i.while_loop(
      {{{"old_r", "r0"}, big, {0, 1e4}, {"divisor", "g"}},
       {{"r", "r1"}, a, {0, 1e4}, {}},
       {{"old_t", "t0"}, zero, kCoefficients, {"coefficient", "t"}},
       {{"t", "t1"}, one, kCoefficients, {}}},
      {"unfinished", "rest_left"},
      [&](const Ids& p) {
        return Ids{test(i, {"left"}, ends_one ? "{r} > 0" : i.either({"{r} != 0", "~({r} == 0)"}),
                        {{"r", p[1]}})};
      },
      {"euclid_step", "divide"},
      [&](const Ids& p) {
        const Terms all = {{"o", p[0]}, {"r", p[1]}, {"s", p[2]}, {"t", p[3]}};
        const ValueId q = whole(i, {"q", "quotient"}, "{o} // {r}", all, {0, 1e4});
        const ValueId rest = whole(i, {"rest"}, i.either({"{o} - {q} * {r}", "{o} % {r}"}),
                                   with(all, {{"q", q}}), {0, 1e4});
        return Ids{p[1], rest, p[3],
                   whole(i, {"t_next"}, "{s} - {q} * {t}", with(all, {{"q", q}}), kCoefficients)};
      });
  return {a, mod, out[0], out[2]};
}

void inverse_or_zero(Idiom& i, const Euclid& found) {
  const Type type = counts(i, {});
  i.called({"mod_inverse", "modular_inverse", "inverse_mod"});
  i.summary("Find the inverse of a number modulo another, or zero where there is none.");
  if (i.chance(0.5)) {
    i.let({"inverse"}, "jnp.where($0 == 1, $1, 0)",
          {found.divisor, whole(i, {"residue"}, "{t} % {m}", terms_of(found), {0, 1e4})}, type,
          {0, 1e4});
  } else {
    const ValueId coprime = test(i, {"coprime", "invertible"}, "{g} == 1", terms_of(found));
    i.cond(
        coprime, {found.coefficient}, {{{"c", "t"}, type, kCoefficients}}, {"reduce", "wrap"},
        [&](const Ids& p) {
          return Ids{whole(i, {"residue"}, "{t} % {m}", {{"t", p[0]}, found.mod}, {0, 1e4})};
        },
        {"none", "not_invertible"},
        [&](const Ids& p) {
          return Ids{i.let({"zero"}, "jnp.zeros_like($0)", {p[0]}, type, {0, 1})};
        },
        {{{"inverse"}, type, {0, 1e4}}});
  }
}

void linear_congruence(Idiom& i, const Euclid& found) {
  i.called({"solve_congruence", "linear_congruence"});
  i.summary("Solve a linear congruence, or give -1 where it has no solution.");
  const Terms terms = terms_of(found);
  const ValueId b = i.input({"b", "residue"}, counts(i, {}), {1, 90});
  const ValueId least =
      whole(i, {"least"}, "({t} * ({b} // {g})) % ({m} // {g})", with(terms, {{"b", b}}), {0, 1e4});
  whole(i, {"solution", "x"},
        i.either({"jnp.where({b} % {g} == 0, {x}, -1)", "jnp.where({b} % {g} != 0, -1, {x})"}),
        with(terms, {{"b", b}, {"x", least}}), {-1, 1e4});
}

void bezout(Idiom& i, const Euclid& found, bool given, std::int64_t modulus) {
  i.called({"extended_gcd", "bezout", "egcd"});
  i.summary(given ? "Give the greatest common divisor and Bezout's coefficients."
                  : fmt::format("Give the greatest common divisor with {} and Bezout's "
                                "coefficients.",
                                modulus));
  i.keep(found.divisor), i.keep(found.coefficient);
  whole(i, {"other", "s"}, "({g} - {a} * {t}) // {m}", terms_of(found), kCoefficients);
}

// Euclid's algorithm that keeps what the divisor is made of: inverses modulo a number, Bezout's
// coefficients, a congruence solved.
Op modular_inverse() {
  return idiom("modular_inverse", kLoop, 1.8, kForward, [](Idiom& i) {
    const Type type = counts(i, {});
    const bool given = i.chance(0.5);
    const std::int64_t modulus =
        i.random().pick(std::vector<std::int64_t>{97, 101, 257, 1009, 7919});
    const double top = given ? 900 : static_cast<double>(modulus - 1);
    const ValueId a = i.input({"a", "value", "x"}, type, {2, top});
    const ValueId m = given ? i.input({"modulus", "m"}, type, {100, 999}) : kNoValue;
    const std::string number =
        given ? "" : i.setting({"modulus", "prime"}, {fmt::format("{}", modulus)});
    const Term mod{"m", m, number};
    const Euclid found = euclid(i, a, mod);
    switch (i.between(0, 2)) {
      case 0:
        return inverse_or_zero(i, found);
      case 1:
        return linear_congruence(i, found);
      default:
        return bezout(i, found, given, modulus);
    }
  });
}

// Fibonacci numbers and their kin modulo a number: by doubling over the bits of the index, or one
// after another.
Op recurrence_doubling() {
  return idiom("recurrence_doubling", kLoop, 0.7, kForward, [](Idiom& i) {
    const Type type = counts(i, {});
    const std::int64_t bits = i.between(5, 9);
    const double most = static_cast<double>((std::int64_t{1} << bits) - 1);
    const std::string m = i.setting({"modulus", "mod"}, {"10007", "9973", "1000", "997", "4096"});
    const Interval residue{0, 10006};
    const ValueId n = i.input({"n", "index", "k"}, type, {most / 8, most});
    const auto kind = i.between(0, 2);  // Fibonacci, Lucas, the last pair
    i.called({kind == 0   ? "fibonacci"
              : kind == 1 ? "lucas_number"
                          : "fibonacci_pair",
              "fast_doubling", "recurrence_mod"});
    i.summary(kind == 1 ? "Give a Lucas number modulo another number."
                        : "Give a Fibonacci number modulo another number.");
    const ValueId zero = zero_like(i, {"a", "f_zero"}, n, residue);
    const ValueId one = i.let({"b", "f_one"}, "jnp.ones_like($0)", {n}, type, residue);
    const std::vector<Idiom::Carry> carries = {
        {{"a", "f"}, zero, residue, {"f_n", "a"}},
        {{"b", "g"}, one, residue, kind == 0 ? Words{} : Words{"f_next", "b"}}};
    Ids out;
    if (i.chance(0.6)) {
      i.summary("Double the index bit by bit.");
      const bool by_cond = i.chance(0.5), mask = i.chance(0.5);
      out = i.fori(0, bits, {"double", "next_bit"}, carries, [&](const Ids& p) {
        const Terms pair = {{"a", p[1]}, {"b", p[2]}};
        const ValueId c = whole(i, {"c", "even"},
                                i.either({"{a} * ((2 * {b} - {a}) % " + m + ") % " + m,
                                          "{a} * (2 * {b} + " + m + " - {a}) % " + m}),
                                pair, residue);
        const ValueId d = whole(i, {"d", "odd"}, "({a} * {a} + {b} * {b}) % " + m, pair, residue);
        const ValueId set =
            test(i, {"bit", "bit_set"},
                 fmt::format(fmt::runtime(mask ? "(({{n}} >> ({} - {{k}})) & 1) == 1"
                                               : "({{n}} >> ({} - {{k}})) % 2 == 1"),
                             bits - 1),
                 {{"n", n}, {"k", p[0]}});
        const Terms next = {{"s", set}, {"c", c}, {"d", d}};
        if (!by_cond)
          return Ids{
              whole(i, {"a_next"}, "jnp.where({s}, {d}, {c})", next, residue),
              whole(i, {"b_next"}, "jnp.where({s}, ({c} + {d}) % " + m + ", {d})", next, residue)};
        return i.cond(
            set, {c, d}, {{{"u"}, type, residue}, {{"v"}, type, residue}}, {"step_on", "odd_index"},
            [&](const Ids& q) {
              return Ids{q[1], whole(i, {"sum"}, "({u} + {v}) % " + m, {{"u", q[0]}, {"v", q[1]}},
                                     residue)};
            },
            {"stay", "even_index"}, [](const Ids& q) { return q; },
            {{{"a_next"}, type, residue}, {{"b_next"}, type, residue}});
      });
    } else {
      std::vector<Idiom::Carry> counted = carries;
      const ValueId start = i.builder().literal(0, i.integer());
      counted.push_back({{"k", "count"}, start, {0, most}, {}});
      const std::string less = i.either({"{k} < {n}", "{k} != {n}", "~({k} >= {n})"});
      out = i.while_loop(
          counted, {"unfinished", "below_n"},
          [&](const Ids& p) { return Ids{test(i, {"more"}, less, {{"k", p[2]}, {"n", n}})}; },
          {"next_pair", "advance"},
          [&](const Ids& p) {
            const ValueId sum = whole(i, {"sum", "following"}, "({a} + {b}) % " + m,
                                      {{"a", p[0]}, {"b", p[1]}}, residue);
            return Ids{p[1], sum, whole(i, {"k_next"}, "{k} + 1", {{"k", p[2]}}, {0, most})};
          });
    }
    if (kind == 1)
      whole(i, {"lucas"}, "(2 * {b} - {a}) % " + m, {{"a", out[0]}, {"b", out[1]}}, residue);
  });
}

// Sums of squared digits until they end in one or in a cycle.
void happy_number(Idiom& i, ValueId n, ValueId zero) {
  const Type type = counts(i, {});
  i.called({"happy_steps", "is_happy", "happy_number"});
  i.summary("Follow sums of squared digits until they end in one or in a cycle.");
  const std::string ends = both_hold(i, {"{n} != 1", "{n} == 1"}, {"{n} != 4", "{n} == 4"});
  const BodyId sum = i.helper(
      {"squared_digits", "digit_squares"}, "Sum of the squares of decimal digits.",
      {{{"n", "number"}, type, {0, 99999}}}, [&](const Ids& p) {
        const ValueId low =
            whole(i, {"low"}, "({n} % 10) ** 2 + ({n} // 10 % 10) ** 2", {{"n", p[0]}}, {0, 162});
        return Ids{whole(i, {"sum"},
                         "{l} + ({n} // 100 % 10) ** 2 + ({n} // 1000 % 10) ** 2 + ({n} // "
                         "10000) ** 2",
                         {{"n", p[0]}, {"l", low}}, {0, 405})};
      });
  const Ids out = i.while_loop(
      {{{"n", "value"}, n, {1, 30000}, {"end", "last"}},
       {{"steps", "count"}, zero, {0, 30}, {"steps", "count"}}},
      {"undecided", "keep_going"},
      [&](const Ids& p) { return Ids{test(i, {"open"}, ends, {{"n", p[0]}})}; },
      {"add_squares", "next_number"},
      [&](const Ids& p) {
        const ValueId next = i.call({"next"}, sum, {p[0]}, type, {1, 405});
        return Ids{next, whole(i, {"one_more"}, "{k} + 1", {{"k", p[1]}}, {0, 30})};
      });
  test(i, {"happy"}, "{e} == 1", {{"e", out[0]}});
}

// Digits one by one: numbers turned round, palindromes, sums of digits until one digit is left,
// happy numbers.
Op digit_loop() {
  return idiom("digit_loop", kLoop, 0.6, kForward, [](Idiom& i) {
    const Type type = counts(i, {});
    const std::int64_t base = i.random().pick(std::vector<std::int64_t>{10, 10, 2, 16, 7});
    const auto what = i.between(0, 3);
    const double top = base == 2 ? 1000 : 30000;
    const ValueId n = i.input({"n", "number", "value"}, type, {20, top});
    const ValueId zero = zero_like(i, {"start", "zero"}, n, {0, 1e6});
    const Interval range{0, 1e6};
    if (what == 3) return happy_number(i, n, zero);
    const std::string b = i.setting({"base", "radix"}, {fmt::format("{}", base)});
    const std::string in_base = base == 10 ? "" : fmt::format(" in base {}", base);
    const bool root = what == 2, squares = i.chance(0.35);
    const ValueId out = i.while_loop(
        {{{"rest", "n"}, n, {0, top}, {}},
         {{root ? "total" : "reversed", "acc"},
          zero,
          range,
          {root ? "digit_sum" : "reversed", "acc"}}},
        {"digits_left", "unfinished"},
        [&](const Ids& p) {
          return Ids{
              test(i, {"left"}, i.either({"{n} > 0", "{n} != 0", "~({n} <= 0)"}), {{"n", p[0]}})};
        },
        {"take_digit", "next_digit"},
        [&](const Ids& p) {
          const Terms all = {{"n", p[0]}, {"r", p[1]}};
          const ValueId digit =
              whole(i, {"digit", "last"}, "{n} % " + b, all, {0, static_cast<double>(base - 1)});
          const ValueId acc = root ? whole(i, {"more"},
                                           squares ? i.either({"{r} + {d} * {d}", "{r} + {d}**2"})
                                                   : std::string("{r} + {d}"),
                                           with(all, {{"d", digit}}), {0, 3000})
                                   : whole(i, {"shifted"}, "{r} * " + b + " + {d}",
                                           with(all, {{"d", digit}}), range);
          return Ids{whole(i, {"rest_next"}, "{n} // " + b, all, {0, top}), acc};
        })[1];
    const Terms all = {{"n", n}, {"r", out}};
    if (what == 0) {
      i.called({"reverse_digits", "reversed_number"});
      if (i.chance(0.5)) {
        i.summary("Turn the digits of a number" + in_base + " round.");
      } else {
        i.called({"reversal_gap", "distance_to_reversed"});
        i.summary("Give how far a number is from its digits" + in_base + " turned round.");
        whole(i, {"gap", "difference"}, "jnp.abs({n} - {r})", all, range);
      }
    } else if (what == 1) {
      i.called({"palindrome_step", "add_reversed", "reverse_and_add"});
      i.summary("Add a number to its digits" + in_base +
                " turned round, and tell whether it was a palindrome.");
      i.let({"palindrome"}, "$0 == $1", {n, out}, flags({}), {0, 1});
      whole(i, {"sum"}, "{n} + {r}", all, {0, 2e6});
    } else {
      i.called(squares ? Words{"squared_digit_sum", "sum_of_squared_digits"}
                       : Words{"digit_sum", "digit_total"});
      i.summary((squares ? "Add up the squares of the digits of a number"
                         : "Add up the digits of a number") +
                in_base + ".");
      if (!squares && base == 10 && i.chance(0.6)) {
        const bool check = i.chance(0.5);
        i.called(check ? Words{"check_digit", "digit_check"} : Words{"digital_root"});
        i.summary(check ? "Give the digit that makes a number's digits add up to a multiple of ten."
                        : "Give the digital root of a number.");
        whole(i, {check ? "check" : "digital_root", "digit"},
              check ? i.either({"({r} * 9) % 10", "(10 - {r} % 10) % 10", "-{r} % 10"})
                    : std::string("1 + ({r} - 1) % 9"),
              all, {0, 9});
      }
    }
  });
}

// ---- Noise and rotations ----

// A number in the unit interval by the hash of a whole place.
BodyId lattice_hash(Idiom& i, bool plane, bool seeded) {
  const Type u32{DType::kU32, {}};
  const Interval unit{0, 1};
  const std::string first = i.either({"0x9E3779B9", "374761393", "0x85EBCA6B"}),
                    second = i.either({"668265263", "0xC2B2AE35", "1274126177"});
  const std::string shift = i.either({"13", "15", "16"});
  std::vector<Part> places = {{{"ix", "cell"}, u32, {0, 200}}};
  if (plane) places.push_back({{"iy", "row"}, u32, {0, 200}});
  if (seeded) places.push_back({{"seed", "salt"}, u32, kWord});
  return i.helper(
      {"lattice", "hash_place", "random_at"}, "A number in the unit interval for a whole place.",
      places, [&](const Ids& p) {
        std::string form = "{x} * jnp.uint32(" + first + ")";
        Terms all = {{"x", p[0]}};
        if (plane) form += " + {y} * jnp.uint32(" + second + ")", all.push_back({"y", p[1]});
        if (seeded) form = "(" + form + ") ^ {s}", all.push_back({"s", p.back()});
        const ValueId h = let(i, {"h", "mixed"}, form, all, u32, kWord);
        const ValueId folded =
            i.let({"folded", "h"}, "($0 ^ ($0 >> " + shift + ")) * jnp.uint32(1274126177)", {h},
                  u32, kWord);
        return Ids{i.let({"unit"},
                         i.either({"(($0 ^ ($0 >> 16)) >> 8).astype(jnp.float32) / 16777216.0",
                                   "(($0 ^ ($0 >> 16)) & 0xFFFFFF).astype(jnp.float32) / "
                                   "16777215.0"}),
                         {folded}, Shape{}, unit)};
      });
}

// Smooth noise between random numbers at whole places, which are hashes of the place: one or more
// octaves, in one dimension or two.
Op value_noise() {
  return idiom("value_noise", kArithmetic, 1.8, kSmooth, [](Idiom& i) {
    if (!single_precision(i)) return i.fail();
    const bool plane = i.chance(0.5), seeded = i.chance(0.4);
    const Type u32{DType::kU32, {}};
    const Interval unit{0, 1};
    const ValueId x = i.input({"x", "position", "t"}, Shape{}, {1, 40});
    const ValueId y = plane ? i.input({"y", "across"}, Shape{}, {1, 40}) : kNoValue;
    const ValueId seed = seeded ? i.input({"seed", "salt"}, u32, kWord) : kNoValue;
    i.called({"value_noise", "smooth_noise", plane ? "noise_2d" : "noise_1d"});
    i.summary("Smooth noise between random numbers at whole places.");
    const BodyId hash = lattice_hash(i, plane, seeded);
    const std::string fade =
        i.either({"{f} * {f} * (3.0 - 2.0 * {f})", "{f}**3 * ({f} * (6.0 * {f} - 15.0) + 10.0)",
                  "0.5 - 0.5 * jnp.cos(jnp.pi * {f})"});
    struct Side {
      ValueId cell, fraction;
    };
    const auto side = [&](ValueId at, const Words& cell) {
      const ValueId floor = i.let({"base", "corner"}, "jnp.floor($0)", {at}, Shape{}, {0, 160});
      const ValueId f = i.let({"frac", "f"}, "$0 - $1", {at, floor}, Shape{}, unit);
      const ValueId whole_part = i.let(cell, i.either({"$0.astype(jnp.uint32)", "jnp.uint32($0)"}),
                                       {floor}, u32, {0, 160});
      return Side{whole_part, real(i, {"weight", "w"}, fade, {{"f", f}}, unit)};
    };
    const auto noise = [&](ValueId at, ValueId across) {
      const Side a = side(at, {"ix", "cell"});
      const Side b = plane ? side(across, {"iy", "row"}) : Side{};
      const auto corner = [&](Words names, ValueId cx, ValueId cy) {
        Ids of = {cx};
        if (plane) of.push_back(cy);
        if (seeded) of.push_back(seed);
        return i.call(std::move(names), hash, of, scalar(i), unit);
      };
      const ValueId right = i.let({"ix_next"}, "$0 + 1", {a.cell}, u32, {0, 161});
      const auto mixed = [&](Words names, ValueId u, ValueId v, ValueId w) {
        return i.let(std::move(names),
                     i.either({"$0 + $2 * ($1 - $0)", "(1.0 - $2) * $0 + $2 * $1"}), {u, v, w},
                     Shape{}, unit);
      };
      const ValueId c00 = corner({"left", "c00"}, a.cell, b.cell);
      const ValueId c10 = corner({"right", "c10"}, right, b.cell);
      const ValueId low = mixed({"low", "between"}, c00, c10, a.fraction);
      if (!plane) return low;
      const ValueId above = i.let({"iy_next"}, "$0 + 1", {b.cell}, u32, {0, 161});
      const ValueId c01 = corner({"c01", "up_left"}, a.cell, above);
      const ValueId c11 = corner({"c11", "up_right"}, right, above);
      return mixed({"noise"}, low, mixed({"high"}, c01, c11, a.fraction), b.fraction);
    };
    const ValueId base = noise(x, y);
    if (i.chance(0.5)) return;
    i.summary("Add octaves of noise, each finer and weaker.");
    const std::string gain = i.setting({"gain", "persistence"}, {"0.5", "0.6", "0.4"});
    const ValueId fine_x = i.let({"x_fine"}, "2.0 * $0", {x}, Shape{}, {2, 80});
    const ValueId fine_y = plane ? i.let({"y_fine"}, "2.0 * $0", {y}, Shape{}, {2, 80}) : kNoValue;
    const ValueId detail = noise(fine_x, fine_y);
    real(i, {"height", "octaves"}, "({a} + " + gain + " * {b}) / (1.0 + " + gain + ")",
         {{"a", base}, {"b", detail}}, unit);
  });
}

// CORDIC: turns by angles whose tangents are powers of two, towards an angle or towards the axis.
Op cordic() {
  return idiom("cordic", kMath, 1.8, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const bool vectoring = i.chance(0.45), sinus = i.chance(0.7),
               tangent = sinus && !vectoring && i.chance(0.4);
    const std::int64_t turns = i.between(10, 18);
    const Interval range{-4, 4}, angles{-2, 2};
    ValueId x = kNoValue, y = kNoValue, z = kNoValue;
    if (vectoring) {
      x = i.input({"x", "east"}, Shape{}, {0.3, 2});
      y = i.input({"y", "north"}, Shape{}, {-2, 2});
      z = zero_like(i, {"angle", "z"}, y, angles);
      i.called({"cordic_polar", "cordic_arctan", "to_polar"});
      i.summary("Turn a vector to polar form by CORDIC.");
    } else {
      z = i.input({"angle", "theta"}, Shape{}, {-1.4, 1.4});
      y = zero_like(i, {"y", "sin"}, z, range);
      i.comment("Starting from the inverse gain, so that the end has length one.");
      x = i.let({"x", "cos"},
                i.either({"jnp.full_like($0, 0.607253)", "0.607253 * jnp.ones_like($0)"}), {z},
                Shape{}, range);
      i.called(tangent ? Words{"cordic_tan", "tangent_by_cordic"}
               : sinus ? Words{"cordic_sincos", "cos_and_sin"}
                       : Words{"cordic_cos", "cosine_by_cordic"});
      i.summary(tangent ? "Give the tangent of an angle by CORDIC."
                : sinus ? "Give cosine and sine by CORDIC."
                        : "Give the cosine of an angle by CORDIC.");
    }
    const std::string sign =
        vectoring ? i.either({"jnp.where({y} < 0, 1.0, -1.0)", "jnp.where({y} >= 0.0, -1.0, 1.0)"})
                  : i.either({"jnp.where({z} >= 0, 1.0, -1.0)", "jnp.where({z} < 0.0, -1.0, 1.0)"});
    const std::string power = i.either({"2.0**-{k}", "jnp.exp2(-1.0 * {k})", "0.5**{k}"});
    const Ids out =
        i.fori(0, turns, {"turn", "micro_rotation", "rotate"},
               {{{"x"}, x, range, {vectoring ? "length" : "cosine", "x"}},
                {{"y"}, y, range, !vectoring && sinus ? Words{"sine", "y"} : Words{}},
                {{"z", "angle"}, z, angles, vectoring ? Words{"phase", "z"} : Words{}}},
               [&](const Ids& p) {
                 const Terms all = {{"k", p[0]}, {"x", p[1]}, {"y", p[2]}, {"z", p[3]}};
                 const ValueId t = real(i, {"t", "tangent"}, power, all, {0, 1});
                 const ValueId d = real(i, {"d", "direction"}, sign, all, {-1, 1});
                 const Terms turn = with(all, {{"t", t}, {"d", d}});
                 return Ids{real(i, {"x_next"}, "{x} - {d} * {y} * {t}", turn, range),
                            real(i, {"y_next"}, "{y} + {d} * {x} * {t}", turn, range),
                            real(i, {"z_next"}, "{z} - {d} * jnp.arctan({t})", turn, angles)};
               });
    if (vectoring)
      i.let({"radius", "magnitude"}, "0.607253 * $0", {out[0]}, Shape{}, {0.3, 3});
    else if (tangent)
      i.let({"tangent", "tan"}, "$0 / $1", {out[1], out[0]}, Shape{}, {-6, 6});
  });
}

}  // namespace

std::vector<Op> scalar_integer_idioms() {
  return {calendar_date(), trial_division(), modular_inverse(), recurrence_doubling(),
          digit_loop(),    value_noise(),    cordic()};
}

}  // namespace jaxsmith::plan
