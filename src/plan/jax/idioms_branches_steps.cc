// Loops that branch at each step: by the state, by what is measured, by the kind of what comes
// next.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"
#include "plan/jax/idioms_flows.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;
using Part = Idiom::Part;
using Parts = std::vector<Part>;
using Bodies = std::vector<BodyId>;

// How many steps a loop over this program's data takes.
std::int64_t steps_of(Idiom& i, std::int64_t least) { return std::max(least, i.size()); }

// The scale and the count of good steps after one more: raised after a number of them.
Ids raised(Idiom& i, bool nested, const std::string& grow, const std::string& interval,
           ValueId scale, ValueId good, Interval scales, Interval streaks) {
  const ValueId more = i.let({"more"}, "$0 + 1", {good}, counts(i, {}), {1, 3});
  const ValueId due = i.let({"due", "long_enough"}, "$0 >= " + interval, {more}, flags({}), {0, 1});
  if (!nested) {
    const ValueId next =
        i.let({"raised"}, "jnp.where($0, " + grow + " * $1, $1)", {due, scale}, Shape{}, scales);
    return {next, i.let({"count_up"}, "jnp.where($0, 0, $1)", {due, more}, counts(i, {}), streaks)};
  }
  return i.cond(
      due, {scale, more}, {{{"a", "s"}, scalar(i), scales}, {{"b", "m"}, counts(i, {}), streaks}},
      {"raise_scale", "grow"},
      [&](const Ids& r) {
        return Ids{i.let({"raised"}, grow + " * $0", {r[0]}, Shape{}, scales),
                   i.let({"restart"}, "jnp.zeros_like($0)", {r[1]}, counts(i, {}), streaks)};
      },
      {"keep_scale", "wait"}, [](const Ids& r) { return r; },
      {{{"scale_up"}, scalar(i), scales}, {{"count_up"}, counts(i, {}), streaks}});
}

// Updates by gradients that were computed in half precision from a scaled loss: skipped where they
// overflow (the scale then falls), and the scale rises after a number of good steps (Micikevicius
// et al. 2018). The scale cancels but for rounding, so that no derivative is taken.
Op loss_scaling() {
  return idiom("loss_scaling", kConditional, 1.0, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t steps = i.between(6, 10), n = few(i, 12, 3);
    const Type row{i.real(), {n}};
    const ValueId params = i.argument({"params", "weights", "w"}, row, {-1, 1});
    const ValueId grads = i.argument({"grads", "gradients", "g"}, {i.real(), {steps, n}}, {-4, 4});
    const ValueId first = i.input({"loss_scale", "scale", "initial_scale"}, Shape{}, {8e3, 3e4});
    i.called({"train_with_loss_scaling", "dynamic_loss_scale", "scaled_updates"});
    i.summary("Skip updates that overflow in half precision and adapt the scale.");
    const std::string interval = fmt::format("{}", i.between(2, 3));
    const std::string rate = i.setting({"learning_rate", "lr"}, {"0.1", "0.05", "0.2"});
    const std::string grow = i.either({"2.0", "1.5"}), fall = i.either({"0.5", "0.25", "0.7"});
    const bool momentum = i.chance(0.4), nested = i.chance(0.5), trace = i.chance(0.6),
               packed = i.chance(0.4);
    const std::string all = i.either({"jnp.isfinite({h}).all()", "jnp.all(jnp.isfinite({h}))",
                                      "jnp.max(jnp.abs({h})) < 65504.0"});
    const Interval scales{2e3, 6e4}, weights{-3, 3}, streaks{0, 3};
    const ValueId none =
        i.let({"good_steps", "streak"}, "jnp.array(0)", {}, counts(i, {}), streaks);
    std::vector<Idiom::Carry> carries = {
        {{"w", "params"}, params, weights, {"new_params", "trained"}},
        {{"scale", "loss_scale"},
         first,
         scales,
         trace ? Words{} : Words{"new_scale", "last_scale"}},
        {{"good", "streak"}, none, streaks, {}}};
    if (momentum)
      carries.push_back(
          {{"v", "velocity"}, zero_like(i, {"velocity", "v0"}, params, weights), weights, {}});
    i.scan({"train_step", "update"}, carries, {{{"g", "grad"}, grads}},
           when(trace, {"scales", "scale_history"}), [&](const Ids& p) {
             const ValueId g = p.back(), scale = p[1];
             const ValueId halves =
                 let(i, {"half_grads", "scaled"}, "({g} * {s}).astype(jnp.float16)",
                     {{"g", g}, {"s", scale}}, Type{DType::kF16, {n}}, {-900, 900});
             const ValueId finite = test(i, {"finite", "usable"}, all, {{"h", halves}});
             Parts taken = {{{"q", "w_old"}, row, weights},
                            {{"s", "old_scale"}, scalar(i), scales},
                            {{"count", "k"}, counts(i, {}), streaks}};
             Parts given = {{{"w_next"}, row, weights},
                            {{"scale_next"}, scalar(i), scales},
                            {{"good_next"}, counts(i, {}), streaks}};
             Ids operands = {p[0], p[1], p[2]};
             if (momentum) {
               taken.push_back({{"u", "v_old"}, row, weights});
               given.push_back({{"v_next"}, row, weights});
               operands.push_back(p[3]);
             }
             const auto apply = [&](const Ids& q) {
               const ValueId plain = i.let({"unscaled", "d"}, "$0.astype($1.dtype) / $1",
                                           {halves, q[1]}, Shape{n}, {-4, 4});
               const ValueId v =
                   momentum ? i.let({"v_new"}, "0.9 * $0 + $1", {q[3], plain}, Shape{n}, weights)
                            : plain;
               const ValueId moved =
                   i.let({"moved"}, "$0 - " + rate + " * $1", {q[0], v}, Shape{n}, weights);
               const Ids next = raised(i, nested, grow, interval, q[1], q[2], scales, streaks);
               Ids out = {moved, next[0], next[1]};
               if (momentum) out.push_back(v);
               return out;
             };
             const auto skip = [&](const Ids& q) {
               Ids out = {q[0], i.let({"lowered"}, fall + " * $0", {q[1]}, Shape{}, scales),
                          i.let({"restart"}, "jnp.zeros_like($0)", {q[2]}, counts(i, {}), streaks)};
               if (momentum) out.push_back(q[3]);
               return out;
             };
             const Ids next = i.cond(finite, operands, taken, {"apply_update", "take"}, apply,
                                     {"skip_update", "back_off"}, skip, given, {packed, {}});
             return and_when(trace, next, next[1]);
           });
  });
}

// The state after a step of length h and an estimate of its error.
Ids attempted(Idiom& i, bool third, BodyId f, ValueId y, ValueId h) {
  const auto at = [&](Words called, std::string_view form, const Terms& terms) {
    return let(i, std::move(called), form, terms, Shape{2}, {-3, 3});
  };
  const auto slope = [&](Words called, ValueId from) {
    return i.call(std::move(called), f, {from}, i.type(y), {-4, 4});
  };
  Terms of = {{"y", y}, {"h", h}};
  of.push_back({"a", slope({"k1"}, y)});
  const ValueId ahead =
      at({"y_mid", "ahead"}, third ? "{y} + 0.5 * {h} * {a}" : "{y} + {h} * {a}", of);
  of.push_back({"b", slope({"k2"}, ahead)});
  if (!third)
    return {at({"y_new", "proposal"}, "{y} + 0.5 * {h} * ({a} + {b})", of),
            at({"err", "error"}, "0.5 * {h} * ({b} - {a})", of)};
  const ValueId late = at({"y_late"}, "{y} + 0.75 * {h} * {b}", of);
  of.push_back({"c", slope({"k3"}, late)});
  const ValueId next =
      at({"y_new", "proposal"}, "{y} + {h} / 9.0 * (2.0 * {a} + 3.0 * {b} + 4.0 * {c})", of);
  of.push_back({"d", slope({"k4"}, next)});
  return {next, at({"err", "error"},
                   "{h} * ({b} / 12.0 + {c} / 9.0 - 5.0 / 72.0 * {a} - {d} / 8.0)", of)};
}

// The length of a step after the one whose error is `ratio` of what is allowed.
struct StepControl {
  std::string power, least, most;
  bool inside;  // within the branches, else as a factor ahead of them
  ValueId ratio, factor = kNoValue;

  std::string ideal() const { return "0.9 * ({r} + 1e-6) ** -" + power; }

  void ahead(Idiom& i) {
    if (!inside)
      factor = real(i, {"factor"}, "jnp.clip(" + ideal() + ", " + least + ", " + most + ")",
                    {{"r", ratio}}, {0.2, 2});
  }

  ValueId length(Idiom& i, ValueId h, bool longer) const {
    const Interval lengths{0.05, 1.5};
    if (!inside) return real(i, {"h_new"}, "{h} * {f}", {{"h", h}, {"f", factor}}, lengths);
    const std::string bounded = longer ? "jnp.minimum(" + most + ", " + ideal() + ")"
                                       : "jnp.maximum(" + least + ", " + ideal() + ")";
    return real(i, {"h_new"}, "{h} * " + bounded, {{"h", h}, {"r", ratio}}, lengths);
  }
};

// Attempts at steps of an embedded pair (Heun and Euler, Bogacki and Shampine): taken where the
// error is small enough, tried again with a shorter step otherwise.
Op embedded_steps() {
  return idiom("embedded_steps", kConditional, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const Flow& flow = i.random().pick(flows());
    const double middle = 0.5 * (flow.rate.lo + flow.rate.hi);
    const std::string k = Idiom::text(i.number({flow.rate.lo, middle, flow.rate.hi}));
    const Type pair{i.real(), {2}};
    const ValueId start = i.argument({"y0", "state", "start"}, pair, flow.start);
    const ValueId h0 = i.input({"h0", "dt", "first_step"}, Shape{}, {0.15, 1.1});
    const bool third = i.chance(0.5);
    Words names = flow.called;
    names.insert(names.end(), {"adaptive_steps", third ? "bogacki_shampine" : "heun_euler"});
    i.called(names);
    i.summary("Integrate " + flow.says + " by steps that are accepted or tried again.");
    const Interval range{-3, 3}, lengths{0.05, 1.5};
    const BodyId f =
        i.helper({"slope", "vector_field", "rhs"}, "Slope of " + flow.says + ".",
                 {{{"y", "state"}, pair, flow.start}}, [&](const Ids& p) {
                   return Ids{let(i, {"slope"}, i.either(flow.forms),
                                  {{"y", p[0]}, {"k", kNoValue, k}}, Shape{2}, {-4, 4})};
                 });
    const std::string tolerance =
        i.setting({"tol", "tolerance"},
                  third ? Words{"0.01", "0.02", "0.005"} : Words{"0.05", "0.1", "0.04"});
    const std::string measure = i.either(
        {"jnp.max(jnp.abs({e})) / ", "jnp.linalg.norm({e}) / ", "jnp.sqrt(jnp.mean({e} ** 2)) / "});
    const std::string power = third ? "(1.0 / 3.0)" : "0.5";
    const std::string most = i.either({"2.0", "1.5", "3.0"}), least = i.either({"0.2", "0.3"});
    const bool packed = i.chance(0.5), inside = i.chance(0.5), times = i.chance(0.7),
               last = i.chance(0.3);
    const std::int64_t steps = i.between(6, 12);
    const ValueId t0 = zero_like(i, {"t0", "clock"}, h0, {0, 6});
    std::vector<Words> stacked = {{"path", "states"}};
    if (times) stacked.push_back({"times", "clock_times"});
    i.scan(
        {"attempt", "try_step"},
        {{{"t", "time"}, t0, {0, 6}, times ? Words{} : Words{"t_end", "reached"}},
         {{"y", "state"}, start, range, {}},
         {{"h", "dt"}, h0, lengths, last ? Words{"h_last", "last_step"} : Words{}}},
        {}, stacked,
        [&](const Ids& p) {
          const Ids made = attempted(i, third, f, p[1], p[2]);
          const ValueId next = made[0], error = made[1];
          const ValueId ratio =
              real(i, {"ratio", "err_ratio"}, measure + tolerance, {{"e", error}}, {0.1, 5});
          const ValueId ok = test(i, {"ok", "accepted"}, "{r} <= 1.0", {{"r", ratio}});
          StepControl control{power, least, most, inside, ratio};
          control.ahead(i);
          const Ids out = i.cond(
              ok, {p[0], p[1], p[2]},
              {{{"s", "now"}, scalar(i), {0, 6}},
               {{"u", "here"}, pair, range},
               {{"dt", "k"}, scalar(i), lengths}},
              {"advance", "accept"},
              [&](const Ids& q) {
                return Ids{real(i, {"later"}, "{s} + {h}", {{"s", q[0]}, {"h", q[2]}}, {0, 6}),
                           next, control.length(i, q[2], true)};
              },
              {"retry", "reject"},
              [&](const Ids& q) { return Ids{q[0], q[1], control.length(i, q[2], false)}; },
              {{{"t_next"}, scalar(i), {0, 6}},
               {{"y_next"}, pair, range},
               {{"h_next"}, scalar(i), lengths}},
              {packed, {}});
          Ids results = {out[0], out[1], out[2], out[1]};
          if (times) results.push_back(out[0]);
          return results;
        },
        "", steps);
  });
}

// A particle between two walls that is pushed about: free flight, or what the wall that it would
// cross does to it.
Op walled_particle() {
  return idiom("walled_particle", kConditional, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t steps = steps_of(i, 8);
    if (steps > 64) return i.fail();
    const ValueId push = i.argument({"pushes", "forces", "kicks"}, {i.real(), {steps}}, {-3, 3});
    const ValueId x0 = i.input({"x0", "position", "start"}, Shape{}, {-0.8, 0.8});
    const ValueId v0 = i.input({"v0", "velocity", "speed"}, Shape{}, {-2, 2});
    i.called({"walled_particle", "bounce_between_walls", "simulate_box"});
    i.summary("Move a pushed particle between two walls that treat it differently.");
    const std::string dt = i.setting({"dt", "step_size"}, {"0.3", "0.4", "0.5"});
    const std::string keep = i.either({"0.8", "0.9", "0.7"}), drag = i.either({"0.98", "0.95"});
    struct Wall {
      Words names;
      std::string place, speed;  // {w}: where it stands
    };
    std::vector<Wall> walls = {
        {{"bounce", "reflect"}, "2.0 * {w} - {x}", "-{v}"},
        {{"bounce_back", "rebound"}, "2.0 * {w} - {x}", "-" + keep + " * {v}"},
        {{"soft_wall", "push_back"}, "{w} + 0.5 * ({x} - {w})", "{v} - 4.0 * ({x} - {w})"},
        {{"stick", "absorb"}, "jnp.clip({x}, -1.0, 1.0)", "jnp.zeros_like({v})"}};
    i.random().shuffle(walls);
    const bool nested = i.chance(0.35), both = i.chance(0.5), gravity = i.chance(0.3);
    const Interval place{-1.2, 1.2}, speed{-4, 4};
    const Parts taken = {{{"q", "pos"}, scalar(i), place}, {{"u", "vel"}, scalar(i), speed}};
    const Parts given = {{{"x_next"}, scalar(i), place}, {{"v_next"}, scalar(i), speed}};
    const auto hit = [&](const Wall& wall, std::string w) {
      return [&i, wall, w = std::move(w), place, speed](const Ids& q) {
        const Terms of = {{"x", q[0]}, {"v", q[1]}, {"w", kNoValue, w}};
        return Ids{real(i, {"back"}, wall.place, of, place),
                   real(i, {"turned"}, wall.speed, of, speed)};
      };
    };
    const auto fly = [&](const Ids& q) {
      return Ids{q[0], real(i, {"slowed"}, drag + " * {v}", {{"v", q[1]}}, speed)};
    };
    i.scan({"move", "step"},
           {{{"x", "position"}, x0, place, {"x_last", "final_x"}},
            {{"v", "velocity"}, v0, speed, both ? Words{"v_last", "final_v"} : Words{}}},
           {{{"f", "push"}, push}}, {{"path", "positions"}}, [&](const Ids& p) {
             const ValueId v =
                 real(i, {"v_new", "faster"},
                      gravity ? "{v} + " + dt + " * ({f} - 1.0)" : "{v} + " + dt + " * {f}",
                      {{"v", p[1]}, {"f", p[2]}}, speed);
             const ValueId x = real(i, {"x_new", "ahead"}, "{x} + " + dt + " * {v}",
                                    {{"x", p[0]}, {"v", v}}, {-2, 2});
             const Terms of = {{"x", x}};
             Ids next;
             if (nested) {
               const ValueId in = test(i, {"inside", "free"}, "jnp.abs({x}) < 1.0", of);
               next = i.cond(
                   in, {x, v}, taken, {"fly", "drift"}, fly, {"collide", "at_wall"},
                   [&](const Ids& q) {
                     const ValueId right = test(i, {"right", "at_right"}, "{x} > 0", {{"x", q[0]}});
                     return i.cond(right, q, taken, walls[0].names, hit(walls[0], "1.0"),
                                   walls[1].names, hit(walls[1], "(-1.0)"), given);
                   },
                   given);
             } else {
               const ValueId zone =
                   let(i, {"zone", "side"},
                       i.either({"({x} > -1.0).astype(jnp.int32) + ({x} > 1.0)",
                                 "jnp.searchsorted(jnp.array([-1.0, 1.0], {x}.dtype), {x})",
                                 "jnp.digitize({x}, jnp.array([-1.0, 1.0], {x}.dtype))"}),
                       of, Type{DType::kI32, {}}, {0, 2});
               next = i.switch_(zone, {x, v}, taken,
                                {{walls[1].names, hit(walls[1], "(-1.0)")},
                                 {{"fly", "drift"}, fly},
                                 {walls[0].names, hit(walls[0], "1.0")}},
                                given);
             }
             return Ids{next[0], next[1], next[0]};
           });
  });
}

// A controller with proportional, integral and derivative parts that stops adding up errors while
// its actuator is at its limit; the plant is of first order.
Op guarded_controller() {
  return idiom("guarded_controller", kConditional, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t steps = steps_of(i, 8);
    if (steps > 64) return i.fail();
    const ValueId goals =
        i.argument({"setpoints", "reference", "goals"}, {i.real(), {steps}}, {-2, 2});
    const ValueId gains = i.argument({"gains", "pid", "coefs"}, {i.real(), {3}}, {0.3, 1.5});
    const ValueId x0 = i.input({"x0", "start", "level"}, Shape{}, {-1, 1});
    const bool derivative = i.chance(0.6);  // of the error, else of the level
    i.called({"pid_with_anti_windup", "guarded_controller", "control_loop"});
    i.summary("Run a PID controller whose integral waits while the actuator saturates.");
    const std::string dt = i.setting({"dt", "period"}, {"0.2", "0.3", "0.25"});
    const std::string top = i.setting(
        {"u_max", "limit"}, derivative ? Words{"1.5", "1.8", "1.2"} : Words{"0.8", "1.0", "1.2"});
    const std::string leak = i.either({"0.5", "0.3", "0.8"}), back = i.either({"0.5", "1.0"});
    const std::int64_t rule = i.between(0, 2);
    const bool commands = i.chance(0.6);
    const Interval range{-3, 3}, error{-4, 4}, drive{-6, 6};
    const Ids k = i.unpack("$0", {gains}, {},
                           {{{"kp", "gain_p"}, scalar(i), {0.3, 1.5}},
                            {{"ki", "gain_i"}, scalar(i), {0.3, 1.5}},
                            {{"kd", "gain_d"}, scalar(i), {0.3, 1.5}}});
    const ValueId before =
        derivative ? i.let({"e_first", "first_error"}, "$0[0] - $1", {goals, x0}, Shape{}, error)
                   : x0;
    const ValueId none = zero_like(i, {"integral", "windup"}, x0, range);
    const bool integral_too = i.chance(0.4);
    std::vector<Idiom::Carry> carries = {
        {{"x", "level"}, x0, range, commands ? Words{"x_last", "level_end"} : Words{}},
        {{"total", "integral"}, none, range, integral_too ? Words{"integral_end"} : Words{}},
        {derivative ? Words{"e_before", "e_last"} : Words{"x_before", "x_prev"},
         before,
         error,
         {}}};
    i.scan(
        {"control", "step"}, carries, {{{"r", "goal"}, goals}},
        {commands ? Words{"commands", "controls"} : Words{"levels", "response"}},
        [&](const Ids& p) {
          const ValueId e = real(i, {"e", "error"}, "{r} - {x}", {{"r", p[3]}, {"x", p[0]}}, error);
          Terms of = {{"p", k[0]}, {"i", k[1]}, {"d", k[2]}, {"e", e}, {"s", p[1]}, {"b", p[2]}};
          // The derivative is that of the error, or of the level alone, which does not jump.
          const ValueId u = real(i, {"u", "command"},
                                 derivative ? "{p} * {e} + {i} * {s} + {d} * ({e} - {b})"
                                            : "{p} * {e} + {i} * {s} - {d} * ({x} - {b})",
                                 with(of, {{"x", p[0]}}), drive);
          const ValueId over =
              test(i, {"saturated", "at_limit"}, "jnp.abs({u}) > " + top, {{"u", u}});
          const Parts taken = {{{"c", "asked"}, scalar(i), drive},
                               {{"s", "acc"}, scalar(i), range}};
          const Ids next = i.cond(
              over, {u, p[1]}, taken, {"hold_integral", "limit_command"},
              [&](const Ids& q) {
                const ValueId cut = real(i, {"limited"},
                                         rule == 0 ? "jnp.clip({c}, -" + top + ", " + top + ")"
                                                   : "jnp.sign({c}) * " + top,
                                         {{"c", q[0]}}, {-2, 2});
                if (rule != 2) return Ids{cut, q[1]};
                i.comment("What was cut off flows back out of the integral.");
                return Ids{cut, real(i, {"bled"}, "{s} + " + back + " * " + dt + " * ({u} - {c})",
                                     {{"s", q[1]}, {"u", cut}, {"c", q[0]}}, range)};
              },
              {"integrate", "accumulate"},
              [&](const Ids& q) {
                return Ids{q[0], real(i, {"summed"}, "{s} + " + dt + " * {e}",
                                      {{"s", q[1]}, {"e", e}}, range)};
              },
              {{{"applied", "u_next"}, scalar(i), {-2, 2}}, {{"acc_next"}, scalar(i), range}});
          const ValueId x = real(i, {"x_next"}, "{x} + " + dt + " * ({u} - " + leak + " * {x})",
                                 {{"x", p[0]}, {"u", next[0]}}, range);
          return Ids{x, next[1], derivative ? e : p[0], commands ? next[0] : x};
        });
  });
}

// Limits beyond which a room is heated or cooled, and what it is brought to.
struct Limits {
  std::string low, high, aim;
};

// The mode that follows: 0 is off, 1 heats, 2 cools.
ValueId next_mode(Idiom& i, const Limits& limits, bool by_cond, ValueId room, ValueId mode) {
  const Interval range{12, 30};
  const Type mode_type = counts(i, {});
  const Terms of = {{"t", room}, {"m", mode}};
  if (by_cond) {
    const ValueId on = test(i, {"running", "active"}, "{m} > 0", of);
    return i.cond(
        on, {room, mode}, {{{"a", "room"}, scalar(i), range}, {{"m", "old"}, mode_type, {0, 2}}},
        {"stop_at_goal", "maybe_stop"},
        [&](const Ids& q) {
          return Ids{let(i, {"kept"}, "jnp.where(({m} == 1) == ({a} < " + limits.aim + "), {m}, 0)",
                         {{"a", q[0]}, {"m", q[1]}}, mode_type, {0, 2})};
        },
        {"start_if_needed", "maybe_start"},
        [&](const Ids& q) {
          return Ids{let(i, {"started"},
                         "jnp.where({a} < " + limits.low + ", 1, jnp.where({a} > " + limits.high +
                             ", 2, {m}))",
                         {{"a", q[0]}, {"m", q[1]}}, mode_type, {0, 2})};
        },
        {{{"mode_next", "now"}, mode_type, {0, 2}}})[0];
  }
  i.comment("On beyond the limits, off again at the goal.");
  return let(i, {"mode_next", "now"},
             "jnp.where({t} < " + limits.low + ", 1, jnp.where({t} > " + limits.high +
                 ", 2, jnp.where(({m} == 1) == ({t} < " + limits.aim + "), {m}, 0)))",
             of, mode_type, {0, 2});
}

// A room that is heated, cooled or left alone: modes that change with hysteresis, one branch each.
Op thermostat() {
  return idiom("thermostat", kConditional, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t steps = steps_of(i, 8);
    if (steps > 64) return i.fail();
    const ValueId outside =
        i.argument({"outside", "weather", "ambient"}, {i.real(), {steps}}, {2, 38});
    const ValueId start = i.input({"start", "indoor", "t0"}, Shape{}, {17, 24});
    i.called({"thermostat", "simulate_room", "control_temperature"});
    i.summary("Simulate a room whose heater and cooler switch with hysteresis.");
    const std::string leak = i.setting({"leak", "exchange"}, {"0.15", "0.2", "0.12"});
    const std::string warm = i.either({"2.5", "2.0", "3.0"}),
                      cool = i.either({"2.0", "1.5", "2.5"});
    const std::string low = i.either({"19.0", "19.5", "18.5"}),
                      high = i.either({"22.0", "22.5", "23.0"}), aim = i.either({"20.5", "21.0"});
    const bool proportional = i.chance(0.4), energy = i.chance(0.6), by_cond = i.chance(0.4),
               modes = i.chance(0.4);
    const Interval range{12, 30}, cost{0, 5};
    const Type mode_type = counts(i, {});
    const ValueId idle = i.let({"mode", "off"}, "jnp.array(0)", {}, mode_type, {0, 2});
    const ValueId spent = energy ? zero_like(i, {"spent", "energy"}, start, cost) : kNoValue;
    const Parts taken = {{{"a", "room"}, scalar(i), range}, {{"b", "out"}, scalar(i), {2, 38}}};
    Parts given = {{{"t_next"}, scalar(i), range}};
    if (energy) given.push_back({{"used"}, scalar(i), cost});
    const auto act = [&](const std::string& effect, const std::string& price) {
      return [&i, effect, price, energy, leak, range, cost](const Ids& q) {
        const Terms of = {{"a", q[0]}, {"b", q[1]}};
        Ids out = {real(i, {"mixed"}, "{a} + " + leak + " * ({b} - {a})" + effect, of, range)};
        if (energy) out.push_back(real(i, {"cost"}, price, of, cost));
        return out;
      };
    };
    const std::string heat = proportional ? " + 0.8 * (" + high + " - {a})" : " + " + warm,
                      chill = proportional ? " - 0.8 * ({a} - " + low + ")" : " - " + cool;
    std::vector<Idiom::Carry> carries = {{{"t", "room"}, start, range, {"t_last", "room_end"}},
                                         {{"mode", "state"}, idle, {0, 2}, {}}};
    if (energy) carries.push_back({{"spent", "total"}, spent, {0, 60}, {"energy", "cost"}});
    std::vector<Words> stacked = {{"rooms", "temperatures"}};
    if (modes) stacked.push_back({"modes", "states"});
    i.scan({"tick", "step"}, carries, {{{"o", "weather"}, outside}}, stacked, [&](const Ids& p) {
      const ValueId mode = next_mode(i, {low, high, aim}, by_cond, p[0], p[1]);
      const std::size_t weather = energy ? 3 : 2;
      const Ids next =
          i.switch_(mode, {p[0], p[weather]}, taken,
                    {{{"drift", "idle"}, act("", "0.01 * jnp.abs({b} - {a})")},
                     {{"heat", "warm"}, act(heat, "1.0 + 0.02 * (30.0 - {b})")},
                     {{"cool", "chill"}, act(chill, "0.8 + 0.03 * jnp.abs({b} - {a})")}},
                    given);
      Ids out = {next[0], mode};
      if (energy)
        out.push_back(i.let({"spent_next"}, "$0 + $1", {p[2], next[1]}, Shape{}, {0, 60}));
      out.push_back(next[0]);
      return and_when(modes, out, mode);
    });
  });
}

// Mean and covariance after a reading that is g off, g having the variance s.
Ids corrected(Idiom& i, bool moving, bool joseph, const std::string& r, const Terms& own) {
  const Shape state = moving ? Shape{2} : Shape{}, spread = moving ? Shape{2, 2} : Shape{};
  const ValueId k =
      let(i, {"gain", "k"}, moving ? "{p}[:, 0] / {s}" : "{p} / {s}", own, state, {0, 1});
  const Terms all = with(own, {{"k", k}});
  const ValueId mean = let(i, {"m_post"}, "{m} + {k} * {g}", all, state, {-3, 3});
  const ValueId cov =
      let(i, {"p_post"},
          moving ? (joseph ? "{p} - jnp.outer({k}, {k}) * {s}" : "{p} - jnp.outer({k}, {p}[0])")
                 : (joseph ? "(1.0 - {k}) ** 2 * {p} + {k} ** 2 * " + r : "(1.0 - {k}) * {p}"),
          all, spread, {0.05, 4});
  return {mean, cov};
}

// A variance of one for a scalar, an identity for a vector.
ValueId unit_spread(Idiom& i, ValueId x0) {
  const Shape shape = i.shape(x0);
  return i.let({"p0", "prior_var"},
               shape.empty()
                   ? i.either({"jnp.ones_like($0)", "jnp.full_like($0, 1.0)"})
                   : i.either({"jnp.eye(2, dtype=$0.dtype)", "jnp.diag(jnp.ones_like($0))"}),
               {x0}, shape.empty() ? Shape{} : Shape{2, 2}, {0.05, 4});
}

// A Kalman filter that leaves out what is not to be trusted: measurements too far from what was
// foretold, or those that are flagged as missing. A level, or a position with its speed.
Op gated_filter() {
  return idiom("gated_filter", kConditional, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t steps = steps_of(i, 8);
    if (steps > 64) return i.fail();
    const bool moving = i.chance(0.5), flagged = i.chance(0.4);
    const ValueId z =
        i.argument({"measurements", "z", "readings"}, {i.real(), {steps}}, {-2.5, 2.5});
    const Shape state = moving ? Shape{2} : Shape{}, spread = moving ? Shape{2, 2} : Shape{};
    const ValueId x0 = i.input({"x0", "prior_mean", "guess"}, state, {-1, 1});
    const ValueId seen =
        flagged ? i.argument({"valid", "observed", "seen"}, Type{DType::kBool, {steps}}, {0, 1})
                : kNoValue;
    i.called({flagged ? "kalman_with_gaps" : "gated_kalman", "robust_filter", "filter_readings"});
    i.summary(flagged ? "Filter readings, some of which are missing."
                      : "Filter readings and leave out those that are far off.");
    const std::string q = i.setting({"process_noise", "q"}, {"0.1", "0.2", "0.05"});
    const std::string r = i.setting({"noise", "r"}, {"0.5", "0.3", "0.8"});
    const std::string gate = i.setting({"gate"}, {"2.0", "3.0", "4.0"}),
                      memory = i.either({"0.9", "0.95"});
    const std::string dt = i.either({"0.5", "0.3", "1.0"});
    const bool joseph = i.chance(0.4), widths = i.chance(0.4), inflates = !flagged && i.chance(0.5);
    const Interval range{-3, 3}, variance{0.05, 4};
    const ValueId p0 = unit_spread(i, x0);
    const ValueId f = moving
                          ? i.let({"f", "motion"},
                                  "jnp.array([[1.0, " + dt + "], [0.0, " + memory + "]], $0.dtype)",
                                  {x0}, Shape{2, 2}, {0, 1})
                          : kNoValue;
    std::vector<Idiom::Slice> over = {{{"z", "reading"}, z}};
    if (flagged) over.push_back({{"ok", "present"}, seen});
    std::vector<Words> stacked = {{"means", "estimates"}};
    if (widths) stacked.push_back({"variances", "spreads"});
    const std::string at = moving ? "[0]" : "", corner = moving ? "[0, 0]" : "";
    i.scan(
        {"filter_step", "assimilate"},
        {{{"m", "mean"}, x0, range, {}},
         {{"p", "cov"}, p0, variance, widths ? Words{} : Words{"last_var", "p_last"}}},
        over, stacked, [&](const Ids& c) {
          Terms of = {{"m", c[0]}, {"p", c[1]}, {"f", f}, {"z", c[2]}};
          const ValueId m = let(i, {"m_pred", "foretold"}, moving ? "{f} @ {m}" : memory + " * {m}",
                                of, state, range);
          const ValueId p =
              let(i, {"p_pred", "p_prior"},
                  moving ? "{f} @ {p} @ {f}.T + " + q + " * jnp.eye(2, dtype={p}.dtype)"
                         : memory + " ** 2 * {p} + " + q,
                  of, spread, variance);
          of = {{"m", m}, {"p", p}, {"z", c[2]}};
          const ValueId gap = real(i, {"innovation", "gap"}, "{z} - {m}" + at, of, {-3, 3});
          const ValueId s = real(i, {"s", "gap_var"}, "{p}" + corner + " + " + r, of, {0.4, 4});
          const ValueId usable =
              flagged ? c[3]
                      : test(i, {"plausible", "inside_gate"}, "{g} ** 2 < " + gate + " * {s}",
                             {{"g", gap}, {"s", s}});
          const Parts both = {{{"mu", "a"}, {i.real(), state}, range},
                              {{"cov", "b"}, {i.real(), spread}, variance}};
          const Ids next = i.cond(
              usable, {m, p}, both, {"correct", "update"},
              [&](const Ids& b) {
                return corrected(i, moving, joseph, r,
                                 {{"m", b[0]}, {"p", b[1]}, {"s", s}, {"g", gap}});
              },
              {"coast", "predict_only"},
              [&](const Ids& b) {
                if (!inflates) return b;
                return Ids{b[0], i.let({"wider"}, "1.2 * $0", {b[1]}, spread, variance)};
              },
              {{{"m_next"}, {i.real(), state}, range}, {{"p_next"}, {i.real(), spread}, variance}});
          const ValueId wide = widths && moving
                                   ? i.let({"var"}, i.either({"jnp.diag($0)", "jnp.diagonal($0)"}),
                                           {next[1]}, Shape{2}, variance)
                                   : next[1];
          return and_when(widths, {next[0], next[1], next[0]}, wide);
        });
  });
}

// A point mass that is steered and starts anew where it leaves the track: the state that the
// environment resets by itself, with rewards.
Op resetting_rollout() {
  return idiom("resetting_rollout", kConditional, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t steps = steps_of(i, 8);
    if (steps > 64) return i.fail();
    const ValueId actions =
        i.argument({"actions", "controls", "forces"}, {i.real(), {steps}}, {-3, 3});
    const ValueId start = i.input({"x0", "start", "position"}, Shape{}, {-0.5, 0.5});
    const bool fresh = i.chance(0.5), pole = i.chance(0.4);
    const ValueId restarts =
        fresh ? i.argument({"restarts", "respawns", "new_starts"}, {i.real(), {steps}}, {-0.4, 0.4})
              : kNoValue;
    i.called({"rollout_with_resets", "autoreset_rollout", "simulate_episodes"});
    i.summary("Roll out episodes that begin anew where a state leaves its bounds.");
    const std::string dt = i.setting({"dt", "tau"}, {"0.4", "0.5", "0.3"});
    const std::string edge = i.either({"1.0", "0.8", "0.9"}), price = i.either({"0.05", "0.1"});
    const std::string penalty = i.either({"1.0", "2.0"}), discount = i.either({"0.9", "0.95"});
    const std::int64_t report = i.between(0, 2);
    const bool counted = i.chance(0.5), packed = i.chance(0.6);
    const Interval place{-1.2, 1.2}, speed{-4, 4}, gain{-4, 1};
    const ValueId rest = zero_like(i, {"v0", "at_rest"}, start, speed);
    const ValueId none = i.let({"episode", "age"}, "jnp.array(0)", {}, counts(i, {}), {0, 12});
    std::vector<Idiom::Slice> over = {{{"a", "action"}, actions}};
    if (fresh) over.push_back({{"x_new", "respawn"}, restarts});
    const auto out = i.scan(
        {"env_step", "step"},
        {{{"x", "position"}, start, place, {}},
         {{"v", "speed"}, rest, speed, {}},
         {{"n", "age"}, none, {0, 12}, counted ? Words{"episodes", "last_age"} : Words{}}},
        over, {{"rewards", "gains"}, {"path", "positions"}}, [&](const Ids& p) {
          const Terms of = {{"x", p[0]}, {"v", p[1]}, {"a", p[3]}};
          const ValueId v = real(
              i, {"v_next", "faster"},
              pole ? "{v} + " + dt + " * ({a} + 2.0 * jnp.sin({x}))" : "{v} + " + dt + " * {a}", of,
              speed);
          const ValueId x = real(i, {"x_next", "moved"}, "{x} + " + dt + " * {v}",
                                 {{"x", p[0]}, {"v", v}}, {-2, 2});
          const ValueId done = test(i, {"done", "outside"}, "jnp.abs({x}) > " + edge, {{"x", x}});
          const Parts taken = {{{"q", "pos"}, scalar(i), {-2, 2}},
                               {{"u", "vel"}, scalar(i), speed},
                               {{"k", "count"}, counts(i, {}), {0, 12}}};
          const Parts given = {{{"x_kept"}, scalar(i), place},
                               {{"v_kept"}, scalar(i), speed},
                               {{"n_kept"}, counts(i, {}), {0, 12}},
                               {{"reward"}, scalar(i), gain}};
          const Ids next = i.cond(
              done, {x, v, p[2]}, taken, {"reset", "restart"},
              [&](const Ids& q) {
                return Ids{
                    fresh ? p[4] : start,
                    i.let({"stopped"}, "jnp.zeros_like($0)", {q[1]}, Shape{}, speed),
                    counted
                        ? i.let({"later"}, "$0 + 1", {q[2]}, counts(i, {}), {0, 12})
                        : i.let({"young"}, "jnp.zeros_like($0)", {q[2]}, counts(i, {}), {0, 12}),
                    real(i, {"loss"}, "-" + penalty + " * jnp.abs({x})", {{"x", q[0]}}, gain)};
              },
              {"carry_on", "keep"},
              [&](const Ids& q) {
                return Ids{
                    q[0], q[1],
                    counted ? q[2] : i.let({"older"}, "$0 + 1", {q[2]}, counts(i, {}), {0, 12}),
                    real(i, {"gain"}, "1.0 - {x} ** 2 - " + price + " * {a} ** 2",
                         {{"x", q[0]}, {"a", p[3]}}, gain)};
              },
              given, {packed, {3, 0}});
          if (counted) return Ids{next[0], next[1], next[2], next[3], next[0]};
          const ValueId shaped = real(i, {"shaped", "aged"}, "{r} * " + discount + " ** {n}",
                                      {{"r", next[3]}, {"n", next[2]}}, gain);
          return Ids{next[0], next[1], next[2], shaped, next[0]};
        });
    if (report == 0)
      i.let({"total", "ret"}, i.either({"jnp.sum($0)", "$0.sum()"}), {out.stacked[0]}, Shape{},
            {-40, 10});
    else if (report == 1)
      i.let({"running", "returns"}, i.either({"jnp.cumsum($0)", "lax.cumsum($0)"}),
            {out.stacked[0]}, Shape{steps}, {-40, 10});
  });
}

// A stock that is filled up where it falls below a level: fixed costs of an order, or those of
// holding; shortages by choice.
Op restock_policy() {
  return idiom("restock_policy", kConditional, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t steps = steps_of(i, 8);
    if (steps > 64) return i.fail();
    const ValueId demand = i.argument({"demand", "sales", "orders"}, {i.real(), {steps}}, {0.5, 4});
    const ValueId stock = i.input({"stock", "inventory", "on_hand"}, Shape{}, {3, 9});
    const ValueId level = i.input({"order_up_to", "capacity", "target"}, Shape{}, {8, 11});
    i.called({"restock_policy", "simulate_inventory", "inventory_costs"});
    i.summary("Follow a stock that is ordered anew below a threshold.");
    const std::string low = i.setting({"reorder_point", "threshold"}, {"3.0", "4.0", "3.5"});
    const std::string fixed = i.either({"5.0", "8.0", "3.0"}),
                      unit = i.either({"1.0", "0.5", "1.5"});
    const std::string hold = i.either({"0.2", "0.1", "0.3"}), lost = i.either({"2.0", "3.0"});
    const bool batch = i.chance(0.35), discount = i.chance(0.4), decays = i.chance(0.4),
               path = i.chance(0.5);
    const Interval range{-2, 11}, cost{0, 25};
    const Part old{{"s", "level"}, scalar(i), range};
    const ValueId none = zero_like(i, {"total_cost", "spent"}, stock, {0, 200});
    i.scan({"day", "step"},
           {{{"stock", "held"}, stock, range, {"final_stock", "left"}},
            {{"total", "spent"}, none, {0, 200}, {"total_cost", "cost"}}},
           {{{"d", "sold"}, demand}}, when(path, {"stocks", "history"}), [&](const Ids& p) {
             const ValueId left =
                 real(i, {"left", "remaining"}, decays ? "0.97 * {s} - {d}" : "{s} - {d}",
                      {{"s", p[0]}, {"d", p[2]}}, {-4, 10});
             const ValueId short_of = test(i, {"low", "short"}, "{s} < " + low, {{"s", left}});
             const Ids next = i.cond(
                 short_of, {left}, {old}, {"order", "restock"},
                 [&](const Ids& q) {
                   const Terms of = {{"s", q[0]}, {"l", level}};
                   const ValueId amount =
                       real(i, {"amount"}, batch ? "0.8 * {l}" : "{l} - {s}", of, {3, 12});
                   const Terms all = with(of, {{"a", amount}});
                   return Ids{
                       real(i, {"filled"}, "{s} + {a}", all, range),
                       real(i, {"price"},
                            fixed + " + " + unit + " * {a} + " + lost + " * jnp.maximum(-{s}, 0.0)",
                            all, cost)};
                 },
                 {"wait", "hold"},
                 [&](const Ids& q) {
                   return Ids{q[0], real(i, {"upkeep"}, hold + " * {s}", {{"s", q[0]}}, {0, 3})};
                 },
                 {{{"stock_next"}, scalar(i), range}, {{"paid"}, scalar(i), cost}});
             const ValueId total =
                 i.let({"total_next", "paid_so_far"}, discount ? "0.95 * $0 + $1" : "$0 + $1",
                       {p[1], next[1]}, Shape{}, {0, 200});
             return and_when(path, {next[0], total}, next[0]);
           });
  });
}

}  // namespace

std::vector<Op> branch_step_idioms() {
  return {loss_scaling(), embedded_steps(), walled_particle(),   guarded_controller(),
          thermostat(),   gated_filter(),   resetting_rollout(), restock_policy()};
}

}  // namespace jaxsmith::plan
