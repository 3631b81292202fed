// Formulas of single numbers with cases: roots of polynomials, queues, orbits, days, pipes,
// ratings; how formulas answer their inputs.
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
using Bodies = std::vector<BodyId>;

// ---- Polynomials ----

// Both roots by the discriminant: real ones so that nothing cancels, or a complex pair.
Op quadratic_roots() {
  return idiom("quadratic_roots", kConditional, 2.2, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const ValueId a = i.input({"a", "second"}, Shape{}, {0.3, 2});
    const ValueId b = i.input({"b", "first"}, Shape{}, {-3, 3});
    const ValueId c = i.input({"c", "constant"}, Shape{}, {-1, 2});
    const Terms abc = {{"a", a}, {"b", b}, {"c", c}};
    const Interval range{-6, 6};
    const bool half = i.chance(0.3), stable = i.chance(0.6), closure = i.chance(0.4);
    i.called({"quadratic_roots", "solve_quadratic", "quadratic_formula"});
    i.summary("Solve a quadratic equation, whose roots may be complex.");
    i.summary("Give both roots of a quadratic, or the real and imaginary part of a complex pair.");
    const ValueId disc =
        real(i, {"disc", "discriminant"},
             half ? "0.25 * {b}**2 - {a} * {c}"
                  : i.either({"{b}**2 - 4.0 * {a} * {c}", "{b} * {b} - 4.0 * {a} * {c}"}),
             abc, {-14, 16});
    const std::string root = half ? "2.0 * jnp.sqrt({d})" : "jnp.sqrt({d})";
    const std::string other = half ? "2.0 * jnp.sqrt(-{d})" : "jnp.sqrt(-{d})";
    const auto two_real = [&](ValueId d) {
      const Terms all = with(abc, {{"d", d}});
      if (!stable)
        return Ids{real(i, {"low"}, "(-{b} - " + root + ") / (2.0 * {a})", all, range),
                   real(i, {"high"}, "(-{b} + " + root + ") / (2.0 * {a})", all, range)};
      i.comment("Of one sign, so that nothing cancels.");
      const ValueId q =
          real(i, {"q"},
               i.either({"-0.5 * ({b} + jnp.where({b} >= 0, 1.0, -1.0) * " + root + ")",
                         "-0.5 * ({b} + jnp.copysign(" + root + ", {b}))"}),
               all, {-4, 4});
      return Ids{
          real(i, {"outer"}, "{q} / {a}", with(all, {{"q", q}}), range),
          real(i, {"inner"}, "{c} / jnp.where({q} == 0, 1.0, {q})", with(all, {{"q", q}}), range)};
    };
    const auto pair = [&](ValueId d) {
      const Terms all = with(abc, {{"d", d}});
      return Ids{real(i, {"real_part"}, "-{b} / (2.0 * {a})", all, range),
                 real(i, {"imag_part"}, other + " / (2.0 * {a})", all, {0, 6})};
    };
    const ValueId any_real =
        test(i, {"has_real_roots", "real_roots"},
             i.either({"{d} >= 0", "{d} >= 0.0", "~({d} < 0)"}), {{"d", disc}});
    const std::vector<Part> parts = {{{"first", "root1"}, scalar(i), range},
                                     {{"second", "root2"}, scalar(i), range}};
    if (closure)
      i.cond(
          any_real, {}, {}, {"real_pair", "two_real"}, [&](const Ids&) { return two_real(disc); },
          {"complex_pair", "conjugates"}, [&](const Ids&) { return pair(disc); }, parts);
    else
      i.cond(
          any_real, {disc}, {{{"d", "disc"}, scalar(i), {-14, 16}}}, {"real_pair", "two_real"},
          [&](const Ids& p) { return two_real(p[0]); }, {"complex_pair", "conjugates"},
          [&](const Ids& p) { return pair(p[0]); }, parts);
    if (i.chance(0.4)) i.keep(any_real);
  });
}

// The largest real root of a depressed cubic: by Cardano where it is the only one, by a cosine
// where there are three.
Op cubic_root() {
  return idiom("cubic_root", kConditional, 1.8, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const bool full = i.chance(0.4);
    const Interval range{-5, 5};
    ValueId p = i.input({full ? "b" : "p", "linear"}, Shape{}, {-3, 2});
    ValueId q = i.input({full ? "c" : "q", "constant"}, Shape{}, {-1.5, 1.5});
    const ValueId shift = full ? i.input({"a", "square_term"}, Shape{}, {-1.5, 1.5}) : kNoValue;
    i.called({"cubic_root", "solve_cubic", full ? "largest_root" : "depressed_cubic"});
    i.summary("Find the largest real root of a cubic equation.");
    if (full) {
      i.comment("Shifted so that the square term vanishes.");
      const Terms abc = {{"a", shift}, {"b", p}, {"c", q}};
      const ValueId linear = real(i, {"p"}, "{b} - {a}**2 / 3.0", abc, {-4, 2});
      q = real(i, {"q"},
               i.either({"2.0 * {a}**3 / 27.0 - {a} * {b} / 3.0 + {c}",
                         "{a} * (2.0 * {a}**2 - 9.0 * {b}) / 27.0 + {c}"}),
               abc, {-4, 4});
      p = linear;
    }
    const Terms pq = {{"p", p}, {"q", q}};
    const ValueId disc =
        real(i, {"disc", "discriminant"},
             i.either({"({q} / 2.0) ** 2 + ({p} / 3.0) ** 3", "0.25 * {q}**2 + {p}**3 / 27.0"}), pq,
             {-2, 4});
    const bool root = i.chance(0.5);
    const ValueId one =
        test(i, {"one_root", "single"}, i.either({"{d} > 0", "{d} >= 0.0"}), {{"d", disc}});
    const ValueId t = i.cond(
        one, {disc}, {{{"d", "disc"}, scalar(i), {-2, 4}}}, {"cardano", "one_real"},
        [&](const Ids& d) {
          const ValueId s = real(i, {"s"}, "jnp.sqrt({d})", {{"d", d[0]}}, {0, 2});
          const Terms all = with(pq, {{"s", s}});
          if (root)
            return Ids{real(i, {"only"}, "jnp.cbrt(-{q} / 2.0 + {s}) + jnp.cbrt(-{q} / 2.0 - {s})",
                            all, range)};
          const ValueId u = real(i, {"u"}, "jnp.cbrt(jnp.abs({q}) / 2.0 + {s})", all, {0.1, 2});
          return Ids{real(i, {"only"}, "-jnp.sign({q}) * ({u} - {p} / (3.0 * {u}))",
                          with(all, {{"u", u}}), range)};
        },
        {"trigonometric", "three_real"},
        [&](const Ids& d) {
          const ValueId r = real(i, {"r", "radius"}, "jnp.sqrt(-{p} / 3.0)", pq, {0.1, 1.2});
          const Terms all = with(pq, {{"r", r}, {"d", d[0]}});
          const ValueId angle = real(i, {"angle", "phi"},
                                     i.either({"jnp.arctan2(jnp.sqrt(-{d}), -{q} / 2.0)",
                                               "jnp.arccos(jnp.clip(-{q} / (2.0 * {r}**3), -1.0, "
                                               "1.0))"}),
                                     all, {0, 3});
          return Ids{real(i, {"largest"}, "2.0 * {r} * jnp.cos({f} / 3.0)",
                          with(all, {{"f", angle}}), range)};
        },
        {{{"root", "t"}, scalar(i), range}})[0];
    if (full) real(i, {"x", "shifted_back"}, "{t} - {a} / 3.0", {{"t", t}, {"a", shift}}, range);
  });
}

// ---- Queues ----

// Erlang's formulas by their recurrence: blocking, waiting, or how many servers are enough.
Op erlang_queue() {
  return idiom("erlang_queue", kLoop, 1.6, kForward, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t servers = i.between(4, 9);
    const double c = static_cast<double>(servers);
    const ValueId arrivals = i.input({"arrival_rate", "lam"}, Shape{}, {0.5 * c, 0.9 * c});
    const ValueId service = i.input({"service_rate", "mu"}, Shape{}, {1.0, 1.6});
    const Interval share{0, 1};
    const ValueId load = real(i, {"load", "offered"}, "{l} / {m}",
                              {{"l", arrivals}, {"m", service}}, {0.3 * c, 0.9 * c});
    const auto next = [&](ValueId b, ValueId n) {
      return real(i, {"blocking_next", "b_next"},
                  i.either({"{a} * {b} / ({n} + {a} * {b})", "1.0 / (1.0 + {n} / ({a} * {b}))"}),
                  {{"a", load}, {"b", b}, {"n", n}}, share);
    };
    const ValueId one = i.let({"blocking", "b"}, "jnp.ones_like($0)", {load}, Shape{}, share);
    if (i.chance(0.5)) {
      i.called({"servers_needed", "staffing", "lines_needed"});
      i.summary("Find how many servers keep lost calls below a share.");
      const std::string aim =
          i.setting({"target", "grade_of_service"}, {"0.05", "0.02", "0.01", "0.1"});
      const std::string most = i.either({"30", "40", "25"});
      const std::string going =
          both_hold(i, {"{b} > " + aim, "{b} <= " + aim}, {"{n} < " + most, "{n} >= " + most});
      const Ids out = i.while_loop(
          {{{"b", "blocking"}, one, share, {"lost", "blocking"}},
           {{"n", "servers"}, i.builder().literal(0, i.integer()), {0, 40}, {"servers", "n"}}},
          {"too_few", "unsatisfied"},
          [&](const Ids& p) { return Ids{test(i, {"more"}, going, {{"b", p[0]}, {"n", p[1]}})}; },
          {"add_server", "one_more"},
          [&](const Ids& p) {
            const ValueId n = whole(i, {"n_next"}, "{n} + 1", {{"n", p[1]}}, {1, 40});
            return Ids{next(p[0], n), n};
          });
      const Terms found = {{"a", load}, {"b", out[0]}, {"n", out[1]}};
      if (i.chance(0.6))
        real(i, {"occupancy", "utilisation"},
             i.either({"{a} * (1.0 - {b}) / {n}", "({a} - {a} * {b}) / {n}"}), found, share);
      if (i.chance(0.3)) real(i, {"turned_away", "overflow"}, "{a} * {b}", found, {0, 1});
      return;
    }
    const ValueId blocking = i.fori(1, servers + 1, {"add_server", "erlang_step"},
                                    {{{"b", "blocking"}, one, share, {"blocking", "erlang_b"}}},
                                    [&](const Ids& p) { return Ids{next(p[1], p[0])}; })[0];
    i.called({"erlang_wait", "call_center", "queue_delay"});
    i.summary(fmt::format("Give how long callers wait for one of {} servers.", servers));
    const std::string count = fmt::format("{}.0", servers);
    const Terms known = {{"a", load}, {"b", blocking}, {"l", arrivals}, {"m", service}};
    const ValueId delayed = real(i, {"delayed", "erlang_c"},
                                 i.either({count + " * {b} / (" + count + " - {a} * (1.0 - {b}))",
                                           "{b} / (1.0 - {a} / " + count + " * (1.0 - {b}))"}),
                                 known, share);
    const ValueId wait = real(i, {"wait", "mean_wait"}, "{c} / (" + count + " * {m} - {l})",
                              with(known, {{"c", delayed}}), {0, 2});
    if (i.chance(0.5)) {
      const std::string within = i.either({"0.2", "0.5", "0.1"});
      real(i, {"service_level"},
           "1.0 - {c} * jnp.exp(-(" + count + " * {m} - {l}) * " + within + ")",
           with(known, {{"c", delayed}}), share);
    } else if (i.chance(0.5)) {
      real(i, {"waiting", "queue_length"}, "{l} * {w}", {{"l", arrivals}, {"w", wait}}, {0, 9});
    }
  });
}

// ---- Orbits and days ----

// Elements of an orbit from where a body is and how it moves; what is asked of it by whether it is
// bound.
Op orbit_elements() {
  return idiom("orbit_elements", kConditional, 1.8, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const ValueId r = i.input({"radius", "r"}, Shape{}, {0.8, 2});
    const ValueId v = i.input({"speed", "v"}, Shape{}, {0.6, 1.8});
    const ValueId angle = i.input({"flight_angle", "gamma"}, Shape{}, {-0.8, 0.8});
    const Term mu = constant(i, "mu", {"mu", "gravity"}, {1}, 0.5);
    const Terms state = {{"r", r}, {"v", v}, {"g", angle}, mu};
    const ValueId energy = real(
        i, {"energy", "eps"}, i.either({"0.5 * {v}**2 - {mu} / {r}", "{v}**2 / 2.0 - {mu} / {r}"}),
        state, {-1.2, 1.2});
    const ValueId h = real(i, {"momentum", "h"}, "{r} * {v} * jnp.cos({g})", state, {0.4, 3.5});
    const Terms known = with(state, {{"e", energy}, {"h", h}});
    const auto eccentricity = [&] {
      return real(i, {"ecc", "eccentricity"},
                  i.either({"jnp.sqrt(jnp.maximum(1.0 + 2.0 * {e} * {h}**2 / {mu}**2, 1e-6))",
                            "jnp.sqrt(1.0 + 2.0 * {e} * ({h} / {mu}) ** 2 + 1e-6)"}),
                  known, {0, 5});
    };
    const ValueId bound = test(i, {"bound", "closed"},
                               i.either({"{e} < 0", "{e} < 0.0", "~({e} >= 0)"}), {{"e", energy}});
    const bool time = i.chance(0.6);
    i.called(time ? Words{"time_since_periapsis", "periapsis_passage", "orbit_timing"}
                  : Words{"farthest_or_nearest", "orbit_extent", "apsis_from_state"});
    i.summary(time ? "Give the time since a body was nearest to the center, negative before that."
                   : "Give how far an orbit leads, or how near a flyby comes.");
    const ValueId ecc = time ? kNoValue : eccentricity();
    // Kepler's equation: e sin E and e cos E, or e sinh F and e cosh F, are known by the state.
    const auto since = [&](ValueId a, bool ellipse) {
      const Terms at = with(state, {{"a", a}});
      const ValueId s = real(i, {"e_sin", "along"},
                             "{r} * {v} * jnp.sin({g}) / jnp.sqrt({mu} * {a})", at, {-2, 2});
      const ValueId anomaly =
          ellipse ? real(i, {"anomaly", "ecc_anomaly"}, "jnp.arctan2({s}, 1.0 - {r} / {a})",
                         with(at, {{"s", s}}), {-3.2, 3.2})
                  : real(i, {"anomaly", "hyp_anomaly"}, "jnp.arctanh({s} / (1.0 + {r} / {a}))",
                         with(at, {{"s", s}}), {-2, 2});
      return real(
          i, {"time", "since"},
          std::string(ellipse ? "({f} - {s})" : "({s} - {f})") + " * jnp.sqrt({a}**3 / {mu})",
          {{"f", anomaly}, {"s", s}, {"a", a}, mu}, {-9, 9});
    };
    i.cond(
        bound, {energy}, {{{"eps", "energy"}, scalar(i), {-1.2, 1.2}}}, {"ellipse", "bound_orbit"},
        [&](const Ids& p) {
          const ValueId a =
              real(i, {"a", "semi_major"}, "-{mu} / (2.0 * {e})", {{"e", p[0]}, mu}, {0.4, 9});
          return Ids{
              time ? since(a, true)
                   : real(i, {"apoapsis"}, "{a} * (1.0 + {c})", {{"a", a}, {"c", ecc}}, {0.5, 15})};
        },
        {"hyperbola", "unbound"},
        [&](const Ids& p) {
          if (time)
            return Ids{since(
                real(i, {"a", "scale"}, "{mu} / (2.0 * {e})", {{"e", p[0]}, mu}, {0.4, 9}), false)};
          return Ids{real(i, {"periapsis"}, "{mu} * ({c} - 1.0) / (2.0 * {e})",
                          {{"c", ecc}, {"e", p[0]}, mu}, {0.1, 3})};
        },
        {{time ? Words{"time", "since_periapsis"} : Words{"apsis", "reach"},
          scalar(i),
          {time ? -9.0 : 0.0, 60}}});
    if (time && i.chance(0.6)) eccentricity();
  });
}

// How long the sun is up: declination, hour angle, and the cases beyond the polar circles.
Op day_length() {
  return idiom("day_length", kConditional, 1.8, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const ValueId lat = i.input({"latitude", "lat"}, Shape{}, {-85, 85});
    const ValueId day = i.input({"day", "day_of_year"}, Shape{}, {1, 365});
    i.called({"day_length", "daylight_hours", "hours_of_sun"});
    const bool noon = i.chance(0.5);
    i.summary(noon ? "Give the hours between sunrise and sunset and the height of the sun at noon."
                   : "Give the hours between sunrise and sunset.");
    const std::string tilt = i.setting({"tilt", "obliquity"}, {"23.44", "23.45"});
    const ValueId decl =
        real(i, {"declination", "decl"},
             i.either({"jnp.radians(" + tilt + ") * jnp.sin(2.0 * jnp.pi * ({d} - 81.0) / 365.0)",
                       "-jnp.radians(" + tilt + ") * jnp.cos(2.0 * jnp.pi * ({d} + 10.0) / 365.0)",
                       "jnp.arcsin(jnp.sin(jnp.radians(" + tilt +
                           ")) * jnp.sin(2.0 * jnp.pi * ({d} - 81.0) "
                           "/ 365.0))"}),
             {{"d", day}}, {-0.41, 0.41});
    const ValueId phi = i.let(
        {"phi", "lat_rad"}, i.either({"jnp.radians($0)", "jnp.deg2rad($0)", "$0 * jnp.pi / 180.0"}),
        {lat}, Shape{}, {-1.5, 1.5});
    const Terms sky = {{"p", phi}, {"d", decl}};
    const bool refraction = i.chance(0.4), by_switch = i.chance(0.5);
    if (refraction) i.comment("The sun is seen before it has risen.");
    const ValueId x =
        real(i, {"cos_hour", "x"},
             refraction
                 ? "(jnp.sin(jnp.radians(-0.833)) - jnp.sin({p}) * jnp.sin({d})) / (jnp.cos({p}) * "
                   "jnp.cos({d}))"
                 : "-jnp.tan({p}) * jnp.tan({d})",
             sky, {-5, 5});
    const std::string hours =
        i.either({"24.0 / jnp.pi * jnp.arccos({x})", "2.0 * jnp.degrees(jnp.arccos({x})) / 15.0"});
    const Part arg{{"x", "cos_hour"}, scalar(i), {-5, 5}};
    const Part out{{"hours", "daylight"}, scalar(i), {0, 24}};
    const auto usual = [&](const Ids& p) {
      return Ids{real(i, {"up"}, hours, {{"x", p[0]}}, {0, 24})};
    };
    const auto fixed = [&](const std::string& value) {
      return [&i, value](const Ids& p) {
        return Ids{i.let({"all_day"}, "jnp.full_like($0, " + value + ")", p, Shape{}, {0, 24})};
      };
    };
    if (by_switch) {
      const ValueId kind = let(i, {"season", "kind"},
                               "({x} > -1.0).astype(jnp.int32) + ({x} >= 1.0).astype(jnp.int32)",
                               {{"x", x}}, Type{DType::kI32, {}}, {0, 2});
      i.switch_(kind, {x}, {arg},
                {{{"midnight_sun", "polar_day"}, fixed("24.0")},
                 {{"ordinary_day", "rise_and_set"}, usual},
                 {{"polar_night", "no_sun"}, fixed("0.0")}},
                {out});
    } else {
      const ValueId polar = test(i, {"polar", "no_horizon"},
                                 i.either({"jnp.abs({x}) >= 1.0", "({x} <= -1.0) | ({x} >= 1.0)",
                                           "jnp.logical_or({x} >= 1.0, {x} <= -1.0)"}),
                                 {{"x", x}});
      i.cond(polar, {x}, {arg}, {"polar_day_or_night", "extreme"},
             [&](const Ids& p) {
               return Ids{real(i, {"constant_day"}, "jnp.where({x} < 0, 24.0, 0.0)", {{"x", p[0]}},
                               {0, 24})};
             },
             {"ordinary_day", "rise_and_set"}, usual, {out});
    }
    if (noon)
      real(i, {"noon_height", "elevation"},
           i.either({"90.0 - jnp.abs({l} - jnp.degrees({d}))",
                     "jnp.degrees(jnp.pi / 2.0 - jnp.abs({p} - {d}))"}),
           with(sky, {{"l", lat}}), {-20, 90});
  });
}

// ---- Flow ----

// The loss of pressure in a pipe: laminar, turbulent or between, by the Reynolds number.
Op pipe_flow() {
  return idiom("pipe_flow", kConditional, 1.8, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const ValueId speed = i.input({"velocity", "speed"}, Shape{}, {0.05, 1});
    const ValueId width = i.input({"diameter", "bore"}, Shape{}, {0.01, 0.08});
    const Term length = constant(i, "l", {"length", "run"}, {10, 25, 4});
    const Term nu = constant(i, "nu", {"viscosity", "nu"}, {5e-6, 4e-6, 8e-6});
    const bool pressure = i.chance(0.5);
    i.called(pressure ? Words{"pressure_drop", "pipe_pressure_loss"}
                      : Words{"head_loss", "pipe_head_loss"});
    i.summary(pressure ? "Give the loss of pressure of water in a pipe by the kind of its flow."
                       : "Give the loss of head in a pipe by the kind of its flow.");
    const ValueId re = real(i, {"reynolds", "re"}, "{v} * {d} / {nu}",
                            {{"v", speed}, {"d", width}, nu}, {200, 16000});
    const std::string low = i.setting({"laminar_limit"}, {"2300.0", "2000.0"});
    const std::string high = "4000.0";
    const bool three = i.chance(0.6);
    const Interval factors{0.01, 0.3};
    const std::string rough =
        i.either({"0.316 / {r}**0.25", "0.184 * {r}**-0.2", "(0.79 * jnp.log({r}) - 1.64) ** -2",
                  "0.25 / jnp.log10(5.74 / {r}**0.9 + 0.0005) ** 2"});
    const Part arg{{"re", "r"}, scalar(i), {200, 16000}};
    const Part out{{"friction", "factor"}, scalar(i), factors};
    const auto by = [&](const std::string& form) {
      return [&i, form, factors](const Ids& p) {
        return Ids{real(i, {"f"}, form, {{"r", p[0]}}, factors)};
      };
    };
    ValueId f = kNoValue;
    if (three) {
      const ValueId regime =
          let(i, {"regime", "kind"},
              i.either(
                  {"({r} > " + low + ").astype(jnp.int32) + ({r} > " + high + ").astype(jnp.int32)",
                   "jnp.where({r} <= " + low + ", 0, jnp.where({r} <= " + high + ", 1, 2))"}),
              {{"r", re}}, Type{DType::kI32, {}}, {0, 2});
      // On the line between where the one law ends and where the other begins.
      std::string end = rough;
      end.replace(end.find("{r}"), 3, high);
      const std::string middle = "64.0 / " + low + " + (" + end + " - 64.0 / " + low +
                                 ") * ({r} - " + low + ") / (" + high + " - " + low + ")";
      f = i.switch_(regime, {re}, {arg},
                    {{{"laminar"}, by("64.0 / {r}")},
                     {{"transitional", "between"}, by(middle)},
                     {{"turbulent"}, by(rough)}},
                    {out})[0];
    } else {
      const ValueId calm =
          test(i, {"laminar", "smooth"}, i.either({"{r} < " + low, "{r} <= " + low}), {{"r", re}});
      f = i.cond(calm, {re}, {arg}, {"laminar_factor", "poiseuille"}, by("64.0 / {r}"),
                 {"turbulent_factor", "turbulent"}, by(rough), {out})[0];
    }
    // Darcy and Weisbach.
    const Terms all = {{"f", f}, length, {"d", width}, {"v", speed}};
    if (pressure)
      real(
          i, {"drop", "pressure_loss"},
          i.either({"{f} * {l} / {d} * 0.5 * 1000.0 * {v}**2", "{f} * {l} / {d} * 500.0 * {v}**2"}),
          all, {0, 60000});
    else
      real(i, {"loss", "head"}, "{f} * {l} / {d} * {v}**2 / (2.0 * 9.81)", all, {0, 6});
    if (i.chance(0.4)) i.keep(f);
  });
}

// ---- How formulas answer ----

struct Rule {
  Words called;
  std::string says;
  std::vector<std::pair<Words, Interval>> inputs;
  std::string form;
  Interval value;
};

const std::vector<Rule>& rules() {
  static const std::vector<Rule> kRules = {
      {{"gravity_from_pendulum"},
       "gravity from a pendulum",
       {{{"period", "t"}, {1.2, 2.6}}, {{"length", "l"}, {0.4, 1.5}}},
       "4.0 * jnp.pi**2 * {1} / {0} ** 2",
       {2, 40}},
      {{"combined_focal_length"},
       "the focal length of two lenses some way apart",
       {{{"first", "f1"}, {1, 3}}, {{"second", "f2"}, {1, 3}}, {{"gap", "d"}, {0.1, 0.8}}},
       "1.0 / (1.0 / {0} + 1.0 / {1} - {2} / ({0} * {1}))",
       {0.4, 3}},
      {{"range_of_throw"},
       "the range of a throw",
       {{{"speed", "v"}, {2, 6}}, {{"angle", "theta"}, {0.3, 1.2}}, {{"height", "h"}, {0.2, 2}}},
       "{0} * jnp.cos({1}) / 9.81 * ({0} * jnp.sin({1}) + jnp.sqrt(({0} * jnp.sin({1})) ** 2 + "
       "19.62 * {2}))",
       {0.5, 7}},
      {{"resonance"},
       "the gain of a driven oscillator",
       {{{"drive", "omega"}, {0.3, 2}},
        {{"natural", "omega0"}, {0.8, 1.6}},
        {{"damping", "zeta"}, {0.1, 0.5}}},
       "1.0 / jnp.sqrt((1.0 - ({0} / {1}) ** 2) ** 2 + (2.0 * {2} * {0} / {1}) ** 2)",
       {0.1, 5}},
      {{"vapour_pressure"},
       "the vapour pressure of humid air",
       {{{"temperature", "celsius"}, {0, 35}}, {{"humidity", "rh"}, {0.2, 0.9}}},
       "0.6112 * {1} * jnp.exp(17.67 * {0} / ({0} + 243.5))",
       {0.1, 5}}};
  return kRules;
}

struct Ruled {
  const Rule& rule;
  Ids at;
  BodyId f;
};

Ruled ruled(Idiom& i) {
  const Rule& rule = i.random().pick(rules());
  Ruled out{rule, {}, -1};
  std::vector<Part> parameters;
  for (const auto& [names, range] : rule.inputs) {
    out.at.push_back(i.input(names, Shape{}, range));
    parameters.push_back({names, scalar(i), range});
  }
  out.f = i.helper({rule.called[0], "law", "model"}, "Give " + rule.says + ".", parameters,
                   [&](const Ids& p) {
                     Terms all;
                     for (std::size_t k = 0; k < p.size(); ++k)
                       all.push_back({fmt::format("{}", k), p[k]});
                     return Ids{real(i, {"value"}, rule.form, all, rule.value)};
                   });
  return out;
}

// Errors of measurements carried through a formula by its gradient.
Op error_propagation() {
  return idiom("error_propagation", kGradient, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const Ruled r = ruled(i);
    const std::size_t n = r.at.size();
    std::string numbers;
    std::vector<Part> slopes;
    Terms terms;
    for (std::size_t k = 0; k < n; ++k) {
      const auto& [names, range] = r.rule.inputs[k];
      numbers += fmt::format("{}{}", k ? ", " : "", k);
      slopes.push_back({{"d_" + names[1], "by_" + names[0]}, scalar(i), {-9, 9}});
      terms.push_back({fmt::format("s{}", k), i.input({"sigma_" + names[1], "err_" + names[0]},
                                                      Shape{}, {0.02 * range.hi, 0.1 * range.hi})});
    }
    const bool squared = i.chance(0.25);
    i.called(squared ? Words{"variance_of_" + r.rule.called[0], "propagate_variance"}
                     : Words{"error_of_" + r.rule.called[0], "propagate_error", "uncertainty"});
    i.summary((squared ? "Variance that errors of measurements bring through "
                       : "Carry errors of measurements through ") +
              r.rule.says + ".");
    const std::string call = "($f0, argnums=(" + numbers + "))(" + Idiom::holes(0, n) + ")";
    const bool both_at_once = i.chance(0.5);
    Ids slope;
    if (both_at_once) {
      std::vector<Part> parts = {{{"value", "estimate"}, scalar(i), r.rule.value}};
      parts.insert(parts.end(), slopes.begin(), slopes.end());
      slope = i.unpack("jax.value_and_grad" + call, r.at, {r.f}, parts, {0, static_cast<int>(n)});
      slope.erase(slope.begin());
    } else {
      slope =
          i.unpack(i.either({"jax.grad", "jax.jacrev", "jax.jacfwd"}) + call, r.at, {r.f}, slopes);
    }
    std::string sum;
    const bool square = i.chance(0.5);
    for (std::size_t k = 0; k < n; ++k) {
      terms.push_back({fmt::format("g{}", k), slope[k]});
      sum += fmt::format(
          fmt::runtime(square ? "{}({{g{}}} * {{s{}}}) ** 2" : "{}jnp.square({{g{}}} * {{s{}}})"),
          k ? " + " : "", k, k);
    }
    const ValueId variance = real(i, {"variance", "var"}, sum, terms, {0, 9});
    if (squared) return;
    i.let({"error", "sigma"}, i.either({"jnp.sqrt($0)", "$0**0.5"}), {variance}, Shape{}, {0, 3});
  });
}

// What a formula gives a little further on, by its derivatives here; how far that is off.
Op taylor_estimate() {
  return idiom("taylor_estimate", kGradient, 0.9, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const Ruled r = ruled(i);
    const double most = 0.15 * r.rule.inputs[0].second.hi;
    const ValueId step = i.input({"step", "shift", "h"}, Shape{}, {0.3 * most, most});
    const auto order = i.between(1, 2);
    i.called(
        {"taylor_estimate", "extrapolate", order == 1 ? "linear_estimate" : "quadratic_estimate"});
    i.summary("Estimate " + r.rule.says + " near a point by derivatives there.");
    const std::string args = "(" + Idiom::holes(0, r.at.size()) + ")";
    const auto derived = [&](Words names, const std::string& call) {
      return i.let(std::move(names), call + args, r.at, Bodies{r.f}, scalar(i), {-9, 9});
    };
    Terms all = {{"h", step}};
    if (i.chance(0.5)) {
      const Ids both = i.unpack(
          "jax.value_and_grad($f0)" + args, r.at, {r.f},
          {{{"here", "f0"}, scalar(i), r.rule.value}, {{"slope", "d1"}, scalar(i), {-9, 9}}});
      all.push_back({"f", both[0]});
      all.push_back({"d", both[1]});
    } else {
      all.push_back({"f", i.call({"here", "f0"}, r.f, r.at, scalar(i), r.rule.value)});
      all.push_back(
          {"d", derived({"slope", "d1"}, i.either({"jax.grad($f0)", "jax.jacfwd($f0)"}))});
    }
    if (order == 2)
      all.push_back({"b", derived({"curvature", "d2"},
                                  i.either({"jax.grad(jax.grad($f0))", "jax.jacfwd(jax.grad($f0))",
                                            "jax.hessian($f0)"}))});
    const ValueId guess = real(i, {"estimate", "predicted"},
                               order == 1 ? "{f} + {h} * {d}"
                                          : i.either({"{f} + {h} * {d} + 0.5 * {h}**2 * {b}",
                                                      "{f} + {h} * ({d} + 0.5 * {h} * {b})"}),
                               all, {-9, 45});
    if (i.chance(0.5)) return;
    i.keep(guess);
    Ids moved = r.at;
    moved[0] = i.let({"moved", "ahead"}, "$0 + $1", {r.at[0], step}, Shape{}, {0, 42});
    const ValueId there = i.call({"there", "exact"}, r.f, moved, scalar(i), r.rule.value);
    i.let({"miss", "remainder"}, i.either({"$0 - $1", "jnp.abs($0 - $1)"}), {there, guess}, Shape{},
          {-3, 3});
  });
}

// ---- Ratings ----

// Ratings after a game by what was expected of it; how much they move hangs on the rating.
Op rating_update() {
  return idiom("rating_update", kConditional, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const Interval ratings{1200, 2600};
    const ValueId a = i.input({"rating", "player"}, Shape{}, ratings);
    const ValueId b = i.input({"opponent", "other"}, Shape{}, ratings);
    const ValueId score = i.input({"score", "outcome"}, Shape{}, {0, 1});
    const std::string scale = i.setting({"scale", "spread"}, {"400.0"});
    const ValueId expected =
        real(i, {"expected", "win_chance"},
             i.either({"1.0 / (1.0 + 10.0 ** (({b} - {a}) / " + scale + "))",
                       "1.0 / (1.0 + jnp.power(10.0, ({b} - {a}) / " + scale + "))",
                       "jax.nn.sigmoid(jnp.log(10.0) * ({a} - {b}) / " + scale + ")"}),
             {{"a", a}, {"b", b}}, {0, 1});
    const std::string high = i.either({"2400.0", "2300.0"}),
                      low = i.either({"1600.0", "2000.0", "1800.0"});
    const ValueId gain =
        i.let({"surprise", "miss"}, "$0 - $1", {score, expected}, Shape{}, {-1, 1});
    const Part arg{{"s", "gap"}, scalar(i), {-1, 1}},
        out{{"change", "delta"}, scalar(i), {-40, 40}};
    const auto by = [&](const std::string& k) {
      return [&i, k](const Ids& p) {
        return Ids{i.let({"moved"}, k + " * $0", p, Shape{}, {-40, 40})};
      };
    };
    ValueId change = kNoValue;
    // By one's own level the other's change is another.
    const bool own_level = i.chance(0.5), both = !own_level && i.chance(0.7);
    i.called(both ? Words{"update_ratings", "elo_update"} : Words{"rating_update", "elo_update"});
    i.summary(both        ? "Update the ratings of both players after a game."
              : own_level ? "Update a rating after a game, by the level of the player."
                          : "Update a rating after a game.");
    if (own_level) {
      const ValueId level =
          let(i, {"level", "tier"},
              "({a} >= " + low + ").astype(jnp.int32) + ({a} >= " + high + ").astype(jnp.int32)",
              {{"a", a}}, Type{DType::kI32, {}}, {0, 2});
      change = i.switch_(level, {gain}, {arg},
                         {{{"newcomer", "beginner"}, by(i.number({40, 32}) > 35 ? "40.0" : "32.0")},
                          {{"regular", "club"}, by("20.0")},
                          {{"master", "expert"}, by("10.0")}},
                         {out})[0];
    } else {
      const ValueId strong = test(i, {"strong", "experienced"},
                                  i.either({"({a} >= " + low + ") & ({b} >= " + low + ")",
                                            "jnp.minimum({a}, {b}) >= " + low,
                                            "~(({a} < " + low + ") | ({b} < " + low + "))"}),
                                  {{"a", a}, {"b", b}});
      change = i.cond(strong, {gain}, {arg}, {"settled", "small_step"}, by("16.0"),
                      {"provisional", "large_step"}, by("32.0"), {out})[0];
    }
    i.let({"new_rating", "updated"}, "$0 + $1", {a, change}, Shape{}, {1100, 2700});
    if (both)
      i.let({"new_opponent", "other_updated"}, "$0 - $1", {b, change}, Shape{}, {1100, 2700});
    if (i.chance(0.4)) i.keep(expected);
  });
}

}  // namespace

std::vector<Op> scalar_law_idioms() {
  return {quadratic_roots(), cubic_root(),        erlang_queue(),    orbit_elements(), day_length(),
          pipe_flow(),       error_propagation(), taylor_estimate(), rating_update()};
}

}  // namespace jaxsmith::plan
