// What single numbers do every day: change, income taxes, loans, times of day, how warm it feels,
// lights at a crossing, dice.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"
#include "plan/jax/idioms_scalar_parts.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;
using Part = Idiom::Part;

// ---- Money ----

// Change in as few coins as possible: the largest that fits, again and again. So it is for the
// systems that people use.
Op make_change() {
  return idiom("make_change", kLoop, 1.8, kForward, [](Idiom& i) {
    const bool rounds = i.chance(0.25);  // cash without the smallest coins
    const Words systems = rounds
                              ? Words{"50, 20, 10, 5", "100, 25, 10, 5", "200, 100, 50, 20, 10, 5"}
                              : Words{"25, 10, 5, 1", "100, 25, 10, 5, 1", "50, 20, 10, 5, 2, 1",
                                      "200, 100, 50, 20, 10, 5, 2, 1"};
    const std::string system = i.either(systems);
    const auto kinds = 1 + static_cast<std::int64_t>(std::ranges::count(system, ','));
    const Type type = counts(i, {}), row = counts(i, {kinds});
    const Interval cents{0, 400}, pieces{0, 20};
    ValueId owed = kNoValue;
    if (i.chance(0.5)) {
      const ValueId price = i.input({"price", "cost"}, type, {5, 150});
      const ValueId paid = i.input({"paid", "tendered", "payment"}, type, {150, 399});
      owed = whole(i, {"owed", "change"},
                   i.either({"jnp.maximum({p} - {c}, 0)", "jnp.where({p} > {c}, {p} - {c}, 0)"}),
                   {{"p", paid}, {"c", price}}, cents);
    } else {
      owed = i.input({"amount", "owed", "cents"}, type, {10, 399});
    }
    if (rounds)
      owed =
          whole(i, {"rounded", "cash"},
                i.either({"({a} + 2) // 5 * 5", "5 * (({a} + 2) // 5)", "{a} + 2 - ({a} + 2) % 5"}),
                {{"a", owed}}, cents);
    const ValueId coins =
        i.let({"coins", "denominations"}, "jnp.array([" + system + "])", {}, row, {1, 200});
    const bool total = i.chance(0.4);
    i.called(total ? Words{"count_coins", "fewest_coins", "coins_needed"}
                   : Words{"make_change", "coins_of_change", "break_into_coins"});
    i.summary(total ? "Count the coins of an amount paid out in as few as possible."
                    : "Pay an amount out in as few coins as possible.");
    const Words result = {"pieces", "coin_counts"};
    ValueId each = kNoValue;
    if (i.chance(0.6)) {
      each = i.scan({"take_coin", "pay"}, {{{"rest", "left"}, owed, cents, {}}},
                    {{{"coin", "value"}, coins}}, {result},
                    [&](const Ids& p) {
                      const Terms at = {{"r", p[0]}, {"c", p[1]}};
                      const ValueId count = whole(i, {"count", "n"}, "{r} // {c}", at, pieces);
                      const ValueId rest =
                          whole(i, {"rest_next"}, i.either({"{r} % {c}", "{r} - {n} * {c}"}),
                                with(at, {{"n", count}}), cents);
                      return Ids{rest, count};
                    })
                 .stacked[0];
    } else {
      const ValueId none = i.let({"none", "empty"}, "jnp.zeros_like($0)", {coins}, row, pieces);
      each = i.while_loop(
          {{{"rest", "left"}, owed, cents, {}}, {{"taken", "pieces"}, none, pieces, result}},
          {"not_paid", "owing"},
          [&](const Ids& p) {
            return Ids{test(i, {"open"}, i.either({"{r} > 0", "{r} >= jnp.min({c})"}),
                            {{"r", p[0]}, {"c", coins}})};
          },
          {"give_coin", "pay"},
          [&](const Ids& p) {
            const Terms at = {{"r", p[0]}, {"c", coins}, {"t", p[1]}};
            const ValueId k = whole(i, {"k", "largest"},
                                    i.either({"jnp.argmax({c} <= {r})", "jnp.sum({c} > {r})"}), at,
                                    {0, static_cast<double>(kinds - 1)});
            const Terms now = with(at, {{"k", k}});
            return Ids{whole(i, {"rest_next"}, "{r} - {c}[{k}]", now, cents),
                       let(i, {"taken_next"}, "{t}.at[{k}].add(1)", now, row, pieces)};
          })[1];
    }
    if (total)
      i.let({"total", "number"}, i.either({"jnp.sum($0)", "$0.sum()"}), {each}, type, {0, 30});
  });
}

struct Schedule {
  std::vector<double> edges, rates;
  std::vector<double> base;  // what is due at the lower edge of each bracket

  std::string rule(std::size_t k, const std::string& amount) const {
    // The base of the next bracket follows from the rate: it is no number to vary by itself.
    if (k == 0) return amount + " * " + Idiom::text(rates[0]);
    return Idiom::text(base[k]) + " + " + Idiom::text(rates[k]) + " * (" + amount + " - " +
           Idiom::text(edges[k - 1]) + ")";
  }
};

Schedule schedule(Idiom& i, std::size_t brackets) {
  Schedule out;
  const std::vector<double> edges = i.random().pick(
      std::vector<std::vector<double>>{{10, 40, 90}, {12, 50, 125}, {20, 60, 100}, {15, 45, 80}});
  const std::vector<double> rates = i.random().pick(std::vector<std::vector<double>>{
      {0.1, 0.2, 0.3, 0.4}, {0.15, 0.25, 0.35, 0.45}, {0.05, 0.2, 0.4, 0.5}});
  out.edges.assign(edges.begin(), edges.begin() + static_cast<std::ptrdiff_t>(brackets - 1));
  out.rates.assign(rates.begin(), rates.begin() + static_cast<std::ptrdiff_t>(brackets));
  out.base = {0};
  for (std::size_t k = 1; k < brackets; ++k)
    out.base.push_back(out.base.back() +
                       out.rates[k - 1] * (out.edges[k - 1] - (k > 1 ? out.edges[k - 2] : 0)));
  return out;
}

// The tax on one income, in brackets whose rates rise: by the bracket's own rule, by conditions or
// by what each edge adds.
ValueId progressive(Idiom& i, ValueId taxable, const Interval& amounts) {
  const auto way = i.between(0, 2);
  const Schedule s = schedule(i, way == 1 ? 2 : static_cast<std::size_t>(i.between(3, 4)));
  const Part arg{{"amount", "t"}, scalar(i), amounts}, out{{"tax", "due"}, scalar(i), {0, 80}};
  const auto by = [&](std::size_t k) {
    return [&i, rule = s.rule(k, "$0")](const Ids& p) {
      return Ids{i.let({"due"}, rule, {p[0]}, Shape{}, {0, 80})};
    };
  };
  if (way == 0) {
    std::string edges;
    for (const double edge : s.edges) edges += (edges.empty() ? "" : ", ") + Idiom::text(edge);
    const ValueId bracket =
        i.let({"bracket", "band"},
              i.either({"jnp.searchsorted(jnp.array([" + edges + "], $0.dtype), $0)",
                        "jnp.sum($0 > jnp.array([" + edges + "], $0.dtype))"}),
              {taxable}, counts(i, {}), {0, static_cast<double>(s.edges.size())});
    static const std::vector<Words> kNames = {
        {"lowest", "basic"}, {"middle", "standard"}, {"upper", "higher"}, {"top", "highest"}};
    std::vector<Idiom::Branch> branches;
    for (std::size_t k = 0; k < s.rates.size(); ++k) branches.push_back({kNames[k], by(k)});
    return i.switch_(bracket, {taxable}, {arg}, branches, {out})[0];
  }
  if (way == 1) {
    const ValueId high =
        i.let({"above", "higher"}, "$0 > " + Idiom::text(s.edges[0]), {taxable}, flags({}), {0, 1});
    return i.cond(high, {taxable}, {arg}, {"upper_rate", "higher_band"}, by(1),
                  {"basic_rate", "lower_band"}, by(0), {out})[0];
  }
  std::string form = s.rule(s.rates.size() - 1, "$0");
  for (std::size_t k = s.edges.size(); k-- > 0;)
    form =
        "jnp.where($0 <= " + Idiom::text(s.edges[k]) + ", " + s.rule(k, "$0") + ", " + form + ")";
  return i.let({"tax", "due"}, form, {taxable}, Shape{}, {0, 80});
}

Op income_tax() {
  return idiom("income_tax", kConditional, 2.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const Interval amounts{0, 160};
    const ValueId income = i.input({"income", "salary", "earnings"}, Shape{}, {15, 160});
    const auto less = i.between(0, 2);  // nothing, an allowance, the larger of two
    const bool splits = i.chance(0.35), credits = i.chance(0.4);
    ValueId taxable = income;
    if (less > 0) {
      const std::string standard = i.setting({"allowance", "deduction"}, {"10.0", "12.0", "8.0"});
      const ValueId listed =
          less == 2 ? i.input({"itemized", "expenses"}, Shape{}, {2, 25}) : kNoValue;
      taxable = real(i, {"taxable", "base"},
                     less == 1 ? "jnp.maximum({x} - " + standard + ", 0.0)"
                               : "jnp.maximum({x} - jnp.maximum({l}, " + standard + "), 0.0)",
                     {{"x", income}, {"l", listed}}, amounts);
    }
    ValueId shares = kNoValue;
    if (splits) {
      const ValueId joint = i.input({"joint", "married", "is_couple"}, flags({}), {0, 1});
      shares = real(i, {"shares", "persons"}, "jnp.where({j}, 2.0, 1.0)", {{"j", joint}}, {1, 2});
      taxable = i.let({"share", "per_person"}, "$0 / $1", {taxable, shares}, Shape{}, amounts);
    }
    ValueId tax = progressive(i, taxable, amounts);
    if (splits) tax = i.let({"joint_tax", "both"}, "$0 * $1", {tax, shares}, Shape{}, {0, 80});
    if (credits) {
      const ValueId credit = i.input({"credit", "rebate"}, Shape{}, {0.2, 4});
      tax = i.let({"tax_due", "payable"},
                  i.either({"jnp.maximum($0 - $1, 0.0)", "$0 - jnp.minimum($1, $0)"}),
                  {tax, credit}, Shape{}, {0, 80});
    }
    const std::string how = splits ? ", where couples share their income" : "";
    switch (i.between(0, 2)) {
      case 0:
        i.called({"income_tax", "tax_due", "progressive_tax"});
        i.summary("Give the tax on an income in brackets" + how + ".");
        break;
      case 1:
        i.called({"net_income", "after_tax", "take_home"});
        i.summary("Give what is left of an income after tax in brackets" + how + ".");
        i.let({"net", "take_home"}, "$0 - $1", {income, tax}, Shape{}, {0, 160});
        if (i.chance(0.4)) i.keep(tax);
        break;
      default:
        i.called({"effective_tax_rate", "tax_share", "average_rate"});
        i.summary("Give the share of an income that goes into tax in brackets" + how + ".");
        i.let({"effective_rate", "share"}, "$0 / $1", {tax, income}, Shape{}, {0, 0.5});
    }
  });
}

// A loan that is paid back by equal payments: the payment, then what is owed month by month.
Op amortized_loan() {
  return idiom("amortized_loan", kLoop, 1.8, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const ValueId loan = i.input({"principal", "loan"}, Shape{}, {5, 40});
    const ValueId rate = i.input({"annual_rate", "apr"}, Shape{}, {0.02, 0.15});
    const auto term = i.random().pick(std::vector<std::int64_t>{12, 24, 36, 60});
    const std::int64_t paid = i.between(4, 11);
    const bool lump = i.chance(0.3), extra = i.chance(0.35), schedule = i.chance(0.5),
               interest = i.chance(0.5);
    const std::string n = fmt::format("{}", term);
    const ValueId r = real(i, {"monthly_rate", "r"}, "{a} / 12.0", {{"a", rate}}, {0.001, 0.02});
    ValueId owed = loan;
    if (lump) {
      const ValueId last = i.input({"balloon", "residual"}, Shape{}, {0.5, 4});
      owed = real(i, {"financed", "spread"}, "{p} - {l} / (1.0 + {r}) ** " + n,
                  {{"p", loan}, {"l", last}, {"r", r}}, {1, 40});
    }
    const ValueId payment =
        real(i, {"payment", "instalment"},
             i.either({"{p} * {r} / (1.0 - (1.0 + {r}) ** -" + n + ")",
                       "-{p} * {r} / jnp.expm1(-" + n + " * jnp.log1p({r}))",
                       "{p} * {r} * (1.0 + {r}) ** " + n + " / ((1.0 + {r}) ** " + n + " - 1.0)"}),
             {{"p", owed}, {"r", r}}, {0.1, 4});
    const ValueId more = extra ? i.input({"extra", "prepayment"}, Shape{}, {0.02, 0.3}) : kNoValue;
    i.called(schedule ? Words{"amortization_schedule", "loan_schedule", "repayment_plan"}
                      : Words{"balance_after", "remaining_balance", "amortize_loan"});
    const std::string of = fmt::format("of a loan over {} months{}{}", term,
                                       lump ? " with a last payment of its own" : "",
                                       extra ? ", paid faster than due," : "");
    i.summary(schedule ? fmt::format("Give the balance {} month by month for {} months.", of, paid)
                       : fmt::format("Give what is left {} after {} months.", of, paid));
    const Interval money{0, 45};
    const auto month = [&](ValueId balance) {
      const Terms at = {{"b", balance}, {"r", r}, {"p", payment}, {"x", more}};
      const ValueId cost = real(i, {"interest", "cost"}, "{r} * {b}", at, {0, 0.6});
      const std::string next = i.either({"{b} - ({p} - {c})", "{b} + {c} - {p}"});
      return Ids{real(i, {"balance_next"}, extra ? "jnp.maximum(" + next + " - {x}, 0.0)" : next,
                      with(at, {{"c", cost}}), money),
                 cost};
    };
    if (schedule) {
      i.scan(
          {"pay_month", "next_month"},
          {{{"balance", "owed"}, loan, money, {"balance_end", "left"}}}, {},
          interest ? std::vector<Words>{{"balances", "owed"}, {"interest", "costs"}}
                   : std::vector<Words>{{"balances", "owed"}},
          [&](const Ids& p) {
            const Ids next = month(p[0]);
            return interest ? Ids{next[0], next[0], next[1]} : Ids{next[0], next[0]};
          },
          "", paid);
    } else {
      std::vector<Idiom::Carry> carries = {{{"balance", "owed"}, loan, money, {"balance", "left"}}};
      if (interest)
        carries.push_back({{"total_interest", "cost"},
                           zero_like(i, {"no_interest", "nothing"}, loan, {0, 8}),
                           {0, 8},
                           {"interest_paid", "cost"}});
      repeat(i, 0, paid, {"pay_month", "next_month"}, carries, [&](const Ids& p) {
        const Ids next = month(p[0]);
        if (!interest) return Ids{next[0]};
        return Ids{next[0], i.let({"interest_next"}, "$0 + $1", {p[1], next[1]}, Shape{}, {0, 8})};
      });
    }
    if (i.chance(0.5)) i.keep(payment);
  });
}

// ---- Time and weather ----

// Hours, minutes and seconds: apart, added, until, of twelve hours, the angle of the hands.
Op time_of_day() {
  return idiom("time_of_day", kArithmetic, 1.8, kZero, [](Idiom& i) {
    const Type type = counts(i, {});
    const Interval minutes{0, 59}, hours{0, 23};
    const auto what = i.between(0, 4);
    if (what == 0) {
      const bool days = i.chance(0.5);
      const ValueId s = i.input({"seconds", "elapsed"}, type, {100, days ? 900000.0 : 86399.0});
      i.called({"split_seconds", "to_hms", "seconds_to_clock"});
      i.summary(days ? "Split seconds into days, hours, minutes and seconds."
                     : "Split seconds into hours, minutes and seconds.");
      const Terms at = {{"s", s}};
      if (days) whole(i, {"days"}, "{s} // 86400", at, {0, 10});
      whole(i, {"hours"},
            days ? i.either({"{s} // 3600 % 24", "{s} % 86400 // 3600"}) : "{s} // 3600", at,
            hours);
      whole(i, {"minutes"}, i.either({"{s} // 60 % 60", "{s} % 3600 // 60"}), at, minutes);
      whole(i, {"seconds_left", "rest"}, "{s} % 60", at, minutes);
      return;
    }
    const ValueId h = i.input({"hour", "hours"}, type, hours);
    if (what == 3) {
      i.called({"twelve_hour", "to_am_pm", "clock_label"});
      i.summary("Give the hour of a clock with twelve hours, and whether it is past noon.");
      whole(i, {"hour_12", "shown"},
            i.either({"({h} + 11) % 12 + 1", "jnp.where({h} % 12 == 0, 12, {h} % 12)"}), {{"h", h}},
            {1, 12});
      test(i, {"is_pm", "afternoon"}, "{h} >= 12", {{"h", h}});
      return;
    }
    const ValueId m = i.input({"minute", "minutes"}, type, minutes);
    const Terms at = {{"h", h}, {"m", m}};
    const std::string now = i.either({"60 * {h} + {m}", "{h} * 60 + {m}"});
    if (what == 1) {
      const ValueId later = i.input({"duration", "delay"}, type, {5, 3000});
      const bool days = i.chance(0.5);
      i.called({"add_minutes", "time_after", "arrival_time"});
      i.summary("Give the time of day some minutes later.");
      const ValueId total =
          whole(i, {"total", "end"}, now + " + {d}", with(at, {{"d", later}}), {0, 4500});
      const Terms end = {{"t", total}};
      whole(i, {"new_hour", "hour_end"}, i.either({"{t} // 60 % 24", "{t} % 1440 // 60"}), end,
            hours);
      whole(i, {"new_minute", "minute_end"}, "{t} % 60", end, minutes);
      if (days) whole(i, {"days_on", "day_shift"}, "{t} // 1440", end, {0, 3});
    } else if (what == 2) {
      const ValueId h2 = i.input({"end_hour", "alarm_hour"}, type, hours);
      const ValueId m2 = i.input({"end_minute", "alarm_minute"}, type, minutes);
      i.called({"minutes_until", "time_until", "wait_for_alarm"});
      i.summary("Count the minutes until a clock shows a time next.");
      const ValueId gap = whole(i, {"gap", "difference"}, "60 * ({e} - {h}) + {n} - {m}",
                                with(at, {{"e", h2}, {"n", m2}}), {-1439, 1439});
      const ValueId wait = whole(i, {"wait", "minutes_left"},
                                 i.either({"{g} % 1440", "jnp.where({g} < 0, {g} + 1440, {g})"}),
                                 {{"g", gap}}, {0, 1439});
      if (i.chance(0.4)) {
        i.called({"hours_and_minutes_until", "time_until"});
        i.summary("Give the hours and minutes until a clock shows a time next.");
        whole(i, {"hours_left"}, "{w} // 60", {{"w", wait}}, hours);
        whole(i, {"minutes_rest"}, "{w} % 60", {{"w", wait}}, minutes);
      }
    } else {
      i.called({"clock_angle", "angle_of_hands", "hands_apart"});
      i.summary("Give the angle between the hands of a clock, in half degrees.");
      const ValueId gap =
          whole(i, {"gap", "apart"},
                i.either({"jnp.abs(60 * {h} - 11 * {m}) % 720", "(60 * {h} - 11 * {m}) % 720"}), at,
                {0, 719});
      whole(i, {"angle", "smaller"},
            i.either({"jnp.minimum({g}, 720 - {g})", "360 - jnp.abs({g} - 360)"}), {{"g", gap}},
            {0, 360});
    }
  });
}

// How warm it feels: wind chill where it is cold, the heat index or humidex where it is hot.
Op felt_temperature() {
  return idiom("felt_temperature", kConditional, 1.8, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const auto what = i.between(0, 2);  // cold, hot, both
    const bool metric = i.chance(0.65);
    const auto in = [&](double low, double high) {
      return metric ? Interval{low, high} : Interval{1.8 * low + 32, 1.8 * high + 32};
    };
    const Interval felt = metric ? Interval{-40, 60} : Interval{-40, 140};
    const ValueId t = i.input({metric ? "celsius" : "fahrenheit", "temperature"}, Shape{},
                              what == 0   ? in(-25, 22)
                              : what == 1 ? in(18, 40)
                                          : in(-25, 40));
    const ValueId v = what == 1 ? kNoValue
                                : i.input({metric ? "wind_kmh" : "wind_mph", "wind"}, Shape{},
                                          metric ? Interval{2, 60} : Interval{1, 40});
    const ValueId rh =
        what == 0 ? kNoValue : i.input({"humidity", "relative_humidity"}, Shape{}, {20, 95});
    const Terms at = {{"t", t}, {"v", v}, {"h", rh}};
    const std::string warm = metric ? "10.0" : "50.0", hot = metric ? "27.0" : "80.0",
                      breeze = metric ? "4.8" : "3.0";
    // Osczevski and Bluestein 2005; Rothfusz 1990; Masterton and Richardson 1979.
    const std::string chill = metric ? "13.12 + 0.6215 * {t} + (0.3965 * {t} - 11.37) * {v}**0.16"
                                     : "35.74 + 0.6215 * {t} + (0.4275 * {t} - 35.75) * {v}**0.16";
    const bool humidex = metric && i.chance(0.5);
    const auto heat = [&](const Ids&) {
      if (humidex) {
        const ValueId pressure =
            real(i, {"vapor_pressure", "e"},
                 "6.112 * {h} / 100.0 * 10.0 ** (7.5 * {t} / (237.7 + {t}))", at, {2, 70});
        return Ids{real(i, {"humidex"}, "{t} + 5.0 / 9.0 * ({e} - 10.0)",
                        with(at, {{"e", pressure}}), felt)};
      }
      const std::string form =
          metric ? "-8.784695 + 1.61139411 * {t} + 2.338549 * {h} - 0.14611605 * {t} * {h} - "
                   "0.012308094 * {t}**2 - 0.016424828 * {h}**2 + 0.002211732 * {t}**2 * {h} + "
                   "0.00072546 * {t} * {h}**2 - 3.582e-06 * {t}**2 * {h}**2"
                 : "-42.379 + 2.04901523 * {t} + 10.14333127 * {h} - 0.22475541 * {t} * {h} - "
                   "0.00683783 * {t}**2 - 0.05481717 * {h}**2 + 0.00122874 * {t}**2 * {h} + "
                   "0.00085282 * {t} * {h}**2 - 1.99e-06 * {t}**2 * {h}**2";
      return Ids{real(i, {"heat_index"}, form, at, felt)};
    };
    const auto cold = [&](const Ids&) { return Ids{real(i, {"wind_chill"}, chill, at, felt)}; };
    const auto same = [&](const Ids&) { return Ids{t}; };
    const std::string windy = "({t} <= " + warm + ") & ({v} > " + breeze + ")";
    const Part out{{"felt", "feels_like"}, scalar(i), felt};
    const std::string unit = metric ? "degrees Celsius" : "degrees Fahrenheit";
    if (what == 0) {
      i.called({"wind_chill", "felt_temperature"});
      i.summary("Give how cold wind makes it feel, in " + unit + ".");
      const ValueId is_cold = test(i, {"chilly", "is_cold"}, windy, at);
      if (i.chance(0.5))
        i.cond(is_cold, {}, {}, {"chilled", "with_wind"}, cold, {"as_it_is", "unchanged"}, same,
               {out});
      else
        i.let({"felt", "feels_like"}, "jnp.where($0, $1, $2)", {is_cold, cold({})[0], t}, Shape{},
              felt);
    } else if (what == 1) {
      i.called({humidex ? "humidex" : "heat_index", "felt_temperature"});
      i.summary("Give how hot moist air feels, in " + unit + ".");
      const ValueId is_hot = test(i, {"is_hot", "sultry"}, "{t} >= " + hot, at);
      i.cond(is_hot, {}, {}, {"sultry_air", "with_humidity"}, heat, {"as_it_is", "unchanged"}, same,
             {out});
    } else {
      i.called({"apparent_temperature", "feels_like", "felt_temperature"});
      i.summary(
          "Give how warm it feels by wind where it is cold and by humidity where it is hot, in " +
          unit + ".");
      const ValueId season =
          let(i, {"season", "regime"},
              i.either({"jnp.where(" + windy + ", 0, jnp.where({t} >= " + hot + ", 2, 1))",
                        "1 + ({t} >= " + hot + ").astype(jnp.int32) - (" + windy +
                            ").astype(jnp.int32)"}),
              at, Type{DType::kI32, {}}, {0, 2});
      i.switch_(season, {}, {},
                {{{"chilled", "cold"}, cold}, {{"mild"}, same}, {{"sultry", "hot"}, heat}}, {out});
    }
  });
}

// ---- Lights and dice ----

// A light at a crossing: its phase and how long that has lasted; green goes on until somebody
// waits. A function for each phase, or a table of durations.
Op traffic_light() {
  return idiom("traffic_light", kConditional, 1.8, kZero, [](Idiom& i) {
    const Type one = counts(i, {});
    const bool four = i.chance(0.4);  // red and amber together before green
    const std::int64_t phases = four ? 4 : 3, last = phases - 1;
    const Interval phase{0, static_cast<double>(last)}, ticks{0, 12};
    const bool counted = i.chance(0.4), table = i.chance(0.45);
    const std::string least = i.either({"4", "5", "6"}), amber = i.either({"2", "3"}),
                      red = i.either({"4", "5", "7"}), full = i.either({"1", "2"});
    const auto waits = [&](ValueId seen) {
      return counted ? test(i, {"wanted", "called_for"}, "{w} > " + full, {{"w", seen}}) : seen;
    };
    // Phases in turn: green, amber, red and, by choice, red with amber.
    const auto tick = [&](ValueId now, ValueId time, ValueId wanted) {
      const Terms at = {{"p", now}, {"t", time}, {"w", wanted}};
      if (table) {
        const ValueId lengths =
            i.let({"durations", "lengths"},
                  "jnp.array([" + least + ", " + amber + ", " + red + (four ? ", 1])" : "])"), {},
                  counts(i, {phases}), {1, 7});
        const ValueId due = test(i, {"due", "over"}, "({t} + 1 >= {d}[{p}]) & (({p} != 0) | {w})",
                                 with(at, {{"d", lengths}}));
        const Terms then = with(at, {{"d", due}});
        return Ids{
            whole(i, {"next_phase"},
                  fmt::format(fmt::runtime(i.either({"jnp.where({{d}}, ({{p}} + 1) % {0}, {{p}})",
                                                     "({{p}} + {{d}}) % {0}"})),
                              phases),
                  then, phase),
            whole(i, {"next_timer"}, "jnp.where({d}, 0, {t} + 1)", then, ticks)};
      }
      const auto lasts = [&](std::int64_t k, const std::string& least_time, bool sensed) {
        return [&i, k, least_time, sensed, wanted, phases, phase, ticks](const Ids& p) {
          const ValueId due =
              test(i, {"due", "over"},
                   sensed ? "({t} + 1 >= " + least_time + ") & {w}" : "{t} + 1 >= " + least_time,
                   {{"t", p[0]}, {"w", wanted}});
          return Ids{
              whole(i, {"phase"}, fmt::format("jnp.where({{d}}, {}, {})", (k + 1) % phases, k),
                    {{"d", due}}, phase),
              whole(i, {"timer"}, "jnp.where({d}, 0, {t} + 1)", {{"d", due}, {"t", p[0]}}, ticks)};
        };
      };
      std::vector<Idiom::Branch> branches = {{{"green", "go"}, lasts(0, least, true)},
                                             {{"amber", "clear"}, lasts(1, amber, false)},
                                             {{"red", "halt"}, lasts(2, red, false)}};
      if (four) branches.push_back({{"red_amber", "ready"}, lasts(3, "1", false)});
      return i.switch_(now, {time}, {{{"timer", "t"}, one, ticks}}, branches,
                       {{{"next_phase"}, one, phase}, {{"next_timer"}, one, ticks}});
    };
    const ValueId start = i.input({"phase", "light"}, one, phase);
    const ValueId since = i.input({"timer", "elapsed"}, one, {0, 6});
    const Words sensor = counted ? Words{"queue", "cars", "waiting_cars"}
                                 : Words{"waiting", "button", "car_waiting"};
    const std::int64_t n = std::max<std::int64_t>(4, i.size());
    const Type seen_type = {counted ? i.integer() : DType::kBool, {n}};
    const ValueId seen = i.input(sensor, seen_type, {0, counted ? 5.0 : 1.0});
    const std::string of = four ? "with red and amber before green" : "of three phases";
    i.called({"run_traffic_light", "light_sequence", "simulate_light"});
    i.summary("Run a traffic light " + of + " that stays green until somebody waits.");
    const auto out = i.scan({"tick", "light_step"},
                            {{{"phase", "light"}, start, phase, {"last_phase"}},
                             {{"timer", "t"}, since, ticks, {"last_timer"}}},
                            {{{"wait", "seen"}, seen}}, {{"phases", "lights"}}, [&](const Ids& p) {
                              const Ids next = tick(p[0], p[1], waits(p[2]));
                              return Ids{next[0], next[1], next[0]};
                            });
    if (!i.chance(0.4)) return;
    i.called({"green_time", "count_green", "run_traffic_light"});
    i.summary("Count the ticks for which a traffic light shows green.");
    whole(i, {"green", "open_ticks"}, i.either({"jnp.sum({p} == 0)", "({p} == 0).sum()"}),
          {{"p", out.stacked[0]}}, {0, static_cast<double>(n)});
  });
}

// Five dice: what they are worth in one way of counting or another, or in the best of all.
Op score_dice() {
  return idiom("score_dice", kConditional, 1.8, kZero, [](Idiom& i) {
    const Type one = counts(i, {});
    const Interval worth{0, 50};
    const ValueId dice = i.input({"dice", "roll", "hand"}, counts(i, {5}), {1, 6});
    const ValueId counts_of =
        i.let({"face_counts", "counts"},
              i.either({"jnp.sum($0[:, None] == jnp.arange(1, 7), axis=0)",
                        "jnp.bincount($0, length=7)[1:]", "jnp.zeros(6, int).at[$0 - 1].add(1)"}),
              {dice}, counts(i, {6}), {0, 5});
    const ValueId sum =
        i.let({"pips", "total"}, i.either({"jnp.sum($0)", "$0.sum()"}), {dice}, one, {5, 30});
    const Terms at = {{"c", counts_of}, {"s", sum}};
    const std::string most = i.either({"{c}.max()", "jnp.max({c})"});
    struct Rule {
      Words names;
      std::string form;
    };
    std::vector<Rule> rules = {
        {{"full_house"},
         i.either({"jnp.where(jnp.any({c} == 3) & jnp.any({c} == 2), 25, 0)",
                   "25 * (jnp.any({c} == 3) & jnp.any({c} == 2))"})},
        {{"four_of_a_kind"}, "jnp.where(" + most + " >= 4, {s}, 0)"},
        {{"small_straight"},
         "jnp.where(jnp.any(({c}[:3] > 0) & ({c}[1:4] > 0) & ({c}[2:5] > 0) & ({c}[3:] > 0)), 30, "
         "0)"},
        {{"large_straight"}, "jnp.where(jnp.all({c}[1:5] == 1), 40, 0)"},
        {{"three_of_a_kind"}, "jnp.where(" + most + " >= 3, {s}, 0)"},
        {{"yahtzee", "five_of_a_kind"}, "jnp.where(" + most + " == 5, 50, 0)"}};
    i.random().shuffle(rules);
    rules.resize(static_cast<std::size_t>(i.between(2, 4)));
    rules.push_back({{"chance"}, "{s}"});
    if (i.chance(0.5)) {
      i.called({"score_dice", "dice_score", "score_roll"});
      i.summary("Score five dice in the chosen way of counting.");
      const ValueId way =
          i.input({"category", "box"}, one, below(static_cast<std::int64_t>(rules.size()) - 1));
      std::vector<Idiom::Branch> branches;
      for (const Rule& rule : rules)
        branches.push_back(
            {rule.names, [&i, rule, worth](const Ids& p) {
               if (rule.form == "{s}") return Ids{p[1]};
               return Ids{whole(i, {"points"}, rule.form, {{"c", p[0]}, {"s", p[1]}}, worth)};
             }});
      i.switch_(way, {counts_of, sum},
                {{{"counts", "c"}, i.type(counts_of), {0, 5}}, {{"pips", "s"}, one, {5, 30}}},
                branches, {{{"score", "points"}, one, worth}});
      return;
    }
    i.called({"best_dice_score", "best_score", "score_best_box"});
    i.summary("Score five dice in the way of counting that gives most.");
    Terms scores;
    std::string all;
    for (std::size_t k = 0; k < rules.size(); ++k) {
      const std::string name = fmt::format("r{}", k);
      scores.push_back({name, rules[k].form == "{s}"
                                  ? sum
                                  : whole(i, rules[k].names, rules[k].form, at, worth)});
      all += (k ? ", {" : "{") + name + "}";
    }
    const ValueId table = let(i, {"scores", "points"},
                              i.either({"jnp.stack([" + all + "])", "jnp.array([" + all + "])"}),
                              scores, counts(i, {static_cast<std::int64_t>(rules.size())}), worth);
    i.let({"best", "score"}, i.either({"jnp.max($0)", "$0.max()"}), {table}, one, worth);
    if (i.chance(0.5)) i.let({"box", "choice"}, "jnp.argmax($0)", {table}, one, {0, 4});
  });
}

}  // namespace

std::vector<Op> scalar_everyday_idioms() {
  return {make_change(),      income_tax(),    amortized_loan(), time_of_day(),
          felt_temperature(), traffic_light(), score_dice()};
}

}  // namespace jaxsmith::plan
