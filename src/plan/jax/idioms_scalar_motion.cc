// What single numbers do over time: throws, loans, maps, and rates of training that follow a loss.
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

// A throw through air, step by step until it lands.
Op projectile_flight() {
  return idiom("projectile_flight", kLoop, 2.0, kForward, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const ValueId speed = i.input({"speed", "v0"}, Shape{}, {4, 9});
    const ValueId angle = i.input({"angle", "elevation"}, Shape{}, {0.3, 1.3});
    const bool linear = i.chance(0.35), windy = i.chance(0.4), tops = i.chance(0.5);
    const ValueId wind = windy ? i.input({"wind", "breeze"}, Shape{}, {-2, 2}) : kNoValue;
    const Term drag = constant(i, "c", {"drag", "friction"}, {0.1, 0.05, 0.2});
    i.called({"projectile_range", "flight_of_ball", "throw_distance"});
    i.summary("Follow a throw through air until it lands.");
    const std::string dt = i.setting({"dt", "time_step"}, {"0.05", "0.04", "0.025"});
    const std::string g = i.either({"9.81", "9.8"}), most = i.either({"80", "100"});
    const Interval range{-9, 12};
    const Terms aim = {{"s", speed}, {"a", angle}};
    const ValueId vx = real(i, {"vx", "vx0"}, "{s} * jnp.cos({a})", aim, {0.5, 9});
    const ValueId vy = real(i, {"vy", "vy0"}, "{s} * jnp.sin({a})", aim, {0.5, 9});
    const ValueId x0 = zero_like(i, {"x", "x0"}, speed, range);
    const ValueId y0 = i.chance(0.5) ? i.input({"height", "y0"}, Shape{}, {0.2, 2})
                                     : zero_like(i, {"y", "y0"}, speed, range);
    const std::string going =
        both_hold(i, {"{y} >= 0", "{y} < 0"}, {"{n} < " + most, "{n} >= " + most});
    std::vector<Idiom::Carry> carries = {
        {{"x"}, x0, range, {"x_end", "x_below"}},
        {{"y"}, y0, range, {"y_end", "y_below"}},
        {{"vx"}, vx, range, {"vx_end"}},
        {{"vy"}, vy, range, {"vy_end", "fall_speed"}},
        {{"n", "steps"}, i.builder().literal(0, i.integer()), {0, 100}, {"steps", "n"}}};
    if (tops) carries.push_back({{"top", "highest"}, y0, range, {"top", "apex"}});
    const Ids end = i.while_loop(
        carries, {"in_flight", "above_ground"},
        [&](const Ids& p) { return Ids{test(i, {"flying"}, going, {{"y", p[1]}, {"n", p[4]}})}; },
        {"fly", "step"},
        [&](const Ids& p) {
          Terms now = {{"x", p[0]}, {"y", p[1]}, {"u", p[2]}, {"v", p[3]}, {"w", wind}, drag};
          const ValueId rel =
              windy ? real(i, {"u_air", "relative"}, "{u} - {w}", now, range) : p[2];
          now.push_back({"r", rel});
          const ValueId k =
              linear
                  ? kNoValue
                  : real(i, {"pull", "k"},
                         i.either({"{c} * jnp.sqrt({r}**2 + {v}**2)", "{c} * jnp.hypot({r}, {v})"}),
                         now, {0, 3});
          now.push_back(linear ? Term{"k", drag.id, drag.text} : Term{"k", k});
          const ValueId u = real(i, {"vx_next"}, "{u} - " + dt + " * {k} * {r}", now, range);
          const ValueId v =
              real(i, {"vy_next"}, "{v} - " + dt + " * (" + g + " + {k} * {v})", now, range);
          const ValueId y =
              real(i, {"y_next"}, "{y} + " + dt + " * {v}", {{"y", p[1]}, {"v", v}}, range);
          Ids next = {real(i, {"x_next"}, "{x} + " + dt + " * {u}", {{"x", p[0]}, {"u", u}}, range),
                      y, u, v, whole(i, {"n_next"}, "{n} + 1", {{"n", p[4]}}, {1, 100})};
          if (tops)
            next.push_back(i.let({"top_next"}, "jnp.maximum($0, $1)", {p[5], y}, Shape{}, range));
          return next;
        });
    // The last step leads below the ground: where between the two it lands, so that the distance
    // changes smoothly with the throw.
    real(i, {"distance", "landing"}, i.either({"{x} - {y} * {u} / {v}", "{x} - {u} / {v} * {y}"}),
         {{"x", end[0]}, {"y", end[1]}, {"u", end[2]}, {"v", end[3]}}, range);
    if (i.chance(0.4)) i.keep(end[3]);
  });
}

// Months until a loan is paid back: interest, payments, a fee or an instalment that grows.
Op loan_payoff() {
  return idiom("loan_payoff", kLoop, 2.0, kForward, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const ValueId loan = i.input({"principal", "balance"}, Shape{}, {5, 30});
    const ValueId rate = i.input({"annual_rate", "apr"}, Shape{}, {0.02, 0.12});
    const ValueId payment = i.input({"payment", "instalment"}, Shape{}, {0.6, 2});
    i.called({"months_to_repay", "loan_payoff", "repay_loan"});
    i.summary("Count the months until a loan is paid back, and what it costs.");
    const bool fee = i.chance(0.4), grows = i.chance(0.3), by_cond = i.chance(0.5);
    const std::string most = i.setting({"max_months", "limit"}, {"60", "48", "36"});
    const std::string charge = i.either({"0.05", "0.02", "0.1"}),
                      rise = i.either({"1.01", "1.005"});
    const ValueId monthly =
        real(i, {"monthly", "r"}, i.either({"{a} / 12.0", "(1.0 + {a}) ** (1.0 / 12.0) - 1.0"}),
             {{"a", rate}}, {0.001, 0.02});
    const Interval money{0, 60};
    const std::string paid = i.either({"0.0", "0.01"});
    const std::string going =
        both_hold(i, {"{b} > " + paid, "{b} <= " + paid}, {"{n} < " + most, "{n} >= " + most});
    const ValueId none = zero_like(i, {"paid", "nothing"}, loan, money);
    std::vector<Idiom::Carry> carries = {
        {{"balance", "owed"}, loan, money, {}},
        {{"interest", "cost"}, none, money, {"interest", "cost"}},
        {{"month", "n"}, i.builder().literal(0, i.integer()), {0, 60}, {"months", "n"}}};
    if (grows) carries.push_back({{"due", "amount"}, payment, {0.6, 4}, {}});
    i.while_loop(
        carries, {"still_owing", "unpaid"},
        [&](const Ids& p) { return Ids{test(i, {"owing"}, going, {{"b", p[0]}, {"n", p[2]}})}; },
        {"pay_month", "next_month"},
        [&](const Ids& p) {
          const Terms now = {
              {"b", p[0]}, {"c", p[1]}, {"r", monthly}, {"p", grows ? p[3] : payment}};
          const ValueId cost =
              real(i, {"accrued", "charge"},
                   fee ? "{b} * {r} + " + charge : std::string("{b} * {r}"), now, {0, 2});
          const Terms all = with(now, {{"i", cost}});
          ValueId left = kNoValue;
          if (by_cond) {
            const ValueId last = test(i, {"last", "final_month"}, "{b} + {i} <= {p}", all);
            left = i.cond(
                last, {p[0]}, {{{"owed", "b"}, scalar(i), money}}, {"settle", "close_account"},
                [&](const Ids& q) {
                  return Ids{i.let({"nothing"}, "jnp.zeros_like($0)", {q[0]}, Shape{}, money)};
                },
                {"carry_on", "pay_part"},
                [&](const Ids& q) {
                  return Ids{real(i, {"rest"}, "{q} + {i} - {p}", with(all, {{"q", q[0]}}), money)};
                },
                {{{"left"}, scalar(i), money}})[0];
          } else {
            left = real(i, {"left", "rest"}, "jnp.maximum({b} + {i} - {p}, 0.0)", all, money);
          }
          Ids next = {left, i.let({"cost_next"}, "$0 + $1", {p[1], cost}, Shape{}, money),
                      whole(i, {"month_next"}, "{n} + 1", {{"n", p[2]}}, {1, 60})};
          if (grows) next.push_back(i.let({"due_next"}, rise + " * $0", {p[3]}, Shape{}, {0.6, 4}));
          return next;
        });
  });
}

// Maps of the interval: an orbit after some steps, its path, or how fast neighbours part.
Op interval_map() {
  return idiom("interval_map", kLoop, 1.8, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    struct Map {
      Words called;
      Interval parameter;
      std::string next, slope;
    };
    static const std::vector<Map> kMaps = {{{"logistic_map", "logistic_orbit"},
                                            {2.6, 3.5},
                                            "{r} * {x} * (1.0 - {x})",
                                            "{r} * (1.0 - 2.0 * {x})"},
                                           {{"ricker_map", "ricker_population"},
                                            {0.8, 2.3},
                                            "{x} * jnp.exp({r} * (1.0 - {x}))",
                                            "(1.0 - {r} * {x}) * jnp.exp({r} * (1.0 - {x}))"},
                                           {{"sine_map", "sine_orbit"},
                                            {0.6, 0.85},
                                            "{r} * jnp.sin(jnp.pi * {x})",
                                            "jnp.pi * {r} * jnp.cos(jnp.pi * {x})"},
                                           {{"cubic_map", "cubic_orbit"},
                                            {1.6, 2.3},
                                            "{r} * {x} * (1.0 - {x}**2)",
                                            "{r} * (1.0 - 3.0 * {x}**2)"}};
    const Map& map = i.random().pick(kMaps);
    const ValueId x0 = i.input({"x0", "start"}, Shape{}, {0.1, 0.45});
    const ValueId r = i.input({"r", "growth"}, Shape{}, map.parameter);
    const auto what = i.between(0, 2);  // the end, the path, the exponent
    i.called(what == 2 ? Words{"lyapunov_exponent", "divergence_rate"} : map.called);
    const bool population = map.called[0] == "logistic_map" || map.called[0] == "ricker_map";
    i.summary(what == 2    ? "Estimate how fast neighbouring orbits of a map part."
              : population ? "Follow a population from one season to the next."
                           : "Follow an orbit of a map of the interval.");
    const Interval range{0, 2.5}, sums{-20, 20};
    const std::int64_t steps = i.between(4, 9);
    const auto next = [&](ValueId x) {
      return real(i, {"x_next", "following"}, map.next, {{"x", x}, {"r", r}}, range);
    };
    if (what == 2) {
      const ValueId none = zero_like(i, {"total", "log_sum"}, x0, sums);
      const ValueId total =
          repeat(i, 0, steps, {"follow", "step"},
                 {{{"x"}, x0, range, {}}, {{"total", "acc"}, none, sums, {"total", "log_sum"}}},
                 [&](const Ids& p) {
                   const ValueId slope =
                       real(i, {"stretch", "slope"}, map.slope, {{"x", p[0]}, {"r", r}}, {-4, 4});
                   const ValueId sum = real(i, {"total_next"},
                                            i.either({"{t} + jnp.log(jnp.abs({s}) + 1e-3)",
                                                      "{t} + 0.5 * jnp.log({s}**2 + 1e-6)"}),
                                            {{"t", p[1]}, {"s", slope}}, sums);
                   return Ids{next(p[0]), sum};
                 })[1];
      i.let({"exponent", "rate"}, fmt::format("$0 / {}", steps), {total}, Shape{}, {-5, 2});
      return;
    }
    if (what == 1) {
      const bool shown = i.chance(0.5);
      i.scan(
          {"season", "step"},
          {{{"x", "size"}, x0, range, shown ? Words{"last", "x_end"} : Words{}}}, {},
          {{"orbit", "path"}},
          [&](const Ids& p) {
            const ValueId after = next(p[0]);
            return Ids{after, i.chance(0.5) ? after : p[0]};
          },
          "", steps);
      return;
    }
    const ValueId end = iterated(i, steps, {"season", "step"},
                                 {{"x", "size"}, x0, range, {"end", "x_end"}}, next, 0.6);
    if (i.chance(0.5)) return;
    i.summary(fmt::format("Give how far {} steps of a map lead from where they begin.", steps));
    i.let({"drift", "change"}, "$0 - $1", {end, x0}, Shape{}, {-0.5, 2});
  });
}

// A learning rate that falls when a loss has stopped falling: the best loss so far and how long ago
// it was, along a curve of losses.
Op plateau_rate() {
  return idiom("plateau_rate", kConditional, 2.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const ValueId losses = i.input({"losses", "val_losses"}, Shape{size_from(i, 6, 40)}, {0.2, 3});
    const ValueId rate = i.input({"learning_rate", "lr"}, Shape{}, {0.05, 0.5});
    i.called({"reduce_on_plateau", "plateau_schedule", "adapt_rate"});
    i.summary("Cut the learning rate when the loss has stopped falling.");
    const std::string factor = i.setting({"factor", "decay"}, {"0.5", "0.3", "0.2"});
    const std::string patience = i.setting({"patience", "wait"}, {"2", "1", "3"});
    const std::string least = i.either({"0.001", "0.005", "0.01"});
    const bool relative = i.chance(0.5), floor = i.chance(0.5), by_cond = i.chance(0.6);
    const Interval rates{0, 0.5}, values{0.2, 9};
    const ValueId first = i.let(
        {"best", "best0"}, i.either({"jnp.full_like($0, jnp.inf)", "jnp.array(jnp.inf, $0.dtype)"}),
        {rate}, Shape{}, values);
    const ValueId zero = i.let({"bad", "waited"}, i.either({"jnp.array(0)", "jnp.zeros((), int)"}),
                               {}, counts(i, {}), {0, 5});
    i.scan({"watch", "epoch", "update"},
           {{{"lr", "rate"}, rate, rates, {"final_lr", "last_rate"}},
            {{"best", "lowest"},
             first,
             values,
             i.chance(0.5) ? Words{"best_loss", "lowest"} : Words{}},
            {{"bad", "waited"}, zero, {0, 5}, {}}},
           {{{"loss", "value"}, losses}}, {{"rates", "history"}}, [&](const Ids& p) {
             const Terms now = {{"r", p[0]}, {"b", p[1]}, {"n", p[2]}, {"l", p[3]}};
             const ValueId better = test(
                 i, {"improved", "better"},
                 relative ? "{l} < 0.99 * {b}" : i.either({"{l} < {b} - 0.01", "{l} < {b}"}), now);
             const ValueId best =
                 i.let({"best_next"}, i.either({"jnp.where($0, $1, $2)", "jnp.minimum($1, $2)"}),
                       {better, p[3], p[1]}, Shape{}, values);
             const ValueId bad = i.let({"bad_next"}, "jnp.where($0, 0, $1 + 1)", {better, p[2]},
                                       counts(i, {}), {0, 5});
             const ValueId due =
                 test(i, {"stalled", "due"},
                      i.either({"{n} >= " + patience, "~({n} < " + patience + ")"}), {{"n", bad}});
             const std::string cut =
                 floor ? "jnp.maximum({r} * " + factor + ", " + least + ")" : "{r} * " + factor;
             ValueId lower = kNoValue, count = kNoValue;
             if (by_cond) {
               const Ids out = i.cond(
                   due, {p[0], bad},
                   {{{"lr", "r"}, scalar(i), rates}, {{"count", "n"}, counts(i, {}), {0, 5}}},
                   {"cut_rate", "lower_rate"},
                   [&](const Ids& q) {
                     return Ids{
                         real(i, {"smaller"}, cut, {{"r", q[0]}}, rates),
                         i.let({"again"}, "jnp.zeros_like($0)", {q[1]}, counts(i, {}), {0, 5})};
                   },
                   {"keep_rate", "wait"}, [](const Ids& q) { return q; },
                   {{{"lr_next"}, scalar(i), rates}, {{"count_next"}, counts(i, {}), {0, 5}}});
               lower = out[0], count = out[1];
             } else {
               lower = real(i, {"lr_next"}, "jnp.where({d}, " + cut + ", {r})",
                            with(now, {{"d", due}}), rates);
               count =
                   i.let({"count_next"}, "jnp.where($0, 0, $1)", {due, bad}, counts(i, {}), {0, 5});
             }
             return Ids{lower, best, count, lower};
           });
  });
}

// Training that ends when the loss has not fallen for a while: the epoch and the best loss.
Op patience_counter() {
  return idiom("patience_counter", kLoop, 1.8, kForward, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const ValueId losses = i.input({"val_losses", "losses"}, Shape{size_from(i, 6, 40)}, {0.2, 3});
    const std::int64_t count = i.dim(losses, 0);
    i.called({"early_stopping", "stopping_epoch", "best_epoch"});
    i.summary("Find the epoch at which training stops and the best loss until then.");
    const std::string patience = i.setting({"patience"}, {"3", "2", "4"});
    const std::string delta = i.setting({"min_delta", "tolerance"}, {"0.01", "0.05", "0.02"});
    const bool by_cond = i.chance(0.5), which = i.chance(0.5);
    const Interval epochs{0, static_cast<double>(count)}, values{0.2, 3};
    const std::string n = i.either({fmt::format("{}", count), "{l}.shape[0]"});
    const std::string going =
        both_hold(i, {"{b} < " + patience, "{b} >= " + patience}, {"{k} < " + n, "{k} >= " + n});
    const ValueId first = i.let({"best", "first"}, "$0[0]", {losses}, Shape{}, values);
    const auto start = [&] { return i.builder().literal(0, i.integer()); };
    const ValueId one = i.builder().literal(1, i.integer());
    const ValueId bad0 = start(), at0 = start();
    std::vector<Idiom::Carry> carries = {{{"k", "epoch"}, one, epochs, {"stopped", "epoch"}},
                                         {{"best", "lowest"}, first, values, {"best_loss", "best"}},
                                         {{"bad", "waited"}, bad0, {0, 5}, {}}};
    if (which) carries.push_back({{"best_at", "where"}, at0, epochs, {"best_epoch", "where"}});
    i.while_loop(
        carries, {"keep_training", "patient"},
        [&](const Ids& p) {
          return Ids{test(i, {"more"}, going, {{"k", p[0]}, {"b", p[2]}, {"l", losses}})};
        },
        {"next_epoch", "epoch_step"},
        [&](const Ids& p) {
          const ValueId loss = i.let({"loss", "value"}, i.either({"$0[$1]", "jnp.take($0, $1)"}),
                                     {losses, p[0]}, Shape{}, values);
          const ValueId better =
              test(i, {"improved", "better"}, "{l} < {b} - " + delta, {{"l", loss}, {"b", p[1]}});
          const Type whole_type = counts(i, {});
          Ids next = {whole(i, {"k_next"}, "{k} + 1", {{"k", p[0]}}, epochs)};
          if (by_cond) {
            const Ids out = i.cond(
                better, {p[1], p[2]},
                {{{"old", "b"}, scalar(i), values}, {{"count", "n"}, whole_type, {0, 5}}},
                {"take_best", "improve"},
                [&](const Ids& q) {
                  return Ids{loss,
                             i.let({"again"}, "jnp.zeros_like($0)", {q[1]}, whole_type, {0, 5})};
                },
                {"wait", "no_gain"},
                [&](const Ids& q) {
                  return Ids{q[0], i.let({"waited"}, "$0 + 1", {q[1]}, whole_type, {0, 5})};
                },
                {{{"best_next"}, scalar(i), values}, {{"bad_next"}, whole_type, {0, 5}}});
            next.insert(next.end(), out.begin(), out.end());
          } else {
            next.push_back(i.let({"best_next"}, "jnp.where($0, $1, $2)", {better, loss, p[1]},
                                 Shape{}, values));
            next.push_back(i.let({"bad_next"}, "jnp.where($0, 0, $1 + 1)", {better, p[2]},
                                 whole_type, {0, 5}));
          }
          if (which)
            next.push_back(i.let({"at_next"}, "jnp.where($0, $1, $2)", {better, p[0], p[3]},
                                 whole_type, epochs));
          return next;
        });
  });
}

}  // namespace

std::vector<Op> scalar_motion_idioms() {
  return {projectile_flight(), loan_payoff(), interval_map(), plateau_rate(), patience_counter()};
}

}  // namespace jaxsmith::plan
