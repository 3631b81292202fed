// Simulations that branch on what happens next: events by kind, automata by phase, players by
// strategy, beams that end.
#include <fmt/format.h>

#include <algorithm>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;
using Part = Idiom::Part;
using Parts = std::vector<Part>;
using Bodies = std::vector<BodyId>;

// A queue at a server that takes jobs one by one, and pauses where it `breaks`.
struct Queue {
  Idiom& i;
  bool breaks, loses, served, clocks;
  std::string horizon, pause, room, idle;
  ValueId gaps, works;
  std::int64_t draws;

  // An event at `now`: from all that is carried to the next arrival, the next end of a service, the
  // length, arrivals, departures and the next pause.
  Ids arrive(const Ids& p, ValueId now, ValueId rate) const;
  Ids depart(const Ids& p, ValueId now, ValueId rate) const;
  Ids stop(const Ids& p, ValueId now) const;
  ValueId job(ValueId k, ValueId rate) const {
    return i.let({"job", "work"}, "$0[$1] / $2", {works, k, rate}, scalar(i), {0.1, 3});
  }
  Ids next_event(const Ids& p, ValueId rate) const;
  Ids run(ValueId rate) const;
};

constexpr Interval kClock{0, 30}, kLength{0, 16}, kArea{0, 200};

Ids Queue::arrive(const Ids& p, ValueId now, ValueId rate) const {
  const Type one = scalar(i), index = counts(i, {});
  const ValueId came = i.let({"came_next"}, "$0 + 1", {p[4]}, index, kLength);
  const ValueId later =
      i.let({"later", "next_arrival"}, "$0 + $1[$2]", {now, gaps, came}, one, kClock);
  const ValueId starts = i.let({"starts", "was_empty"}, "$0 == 0", {p[3]}, flags({}), {0, 1});
  const ValueId finish = i.cond(
      starts, {}, {}, {"begin_service"},
      [&](const Ids&) {
        const ValueId work = job(p[4], rate);
        return Ids{i.let({"finish_first"}, "$0 + $1", {now, work}, one, kClock)};
      },
      {"wait_in_line"}, [&](const Ids&) { return Ids{p[2]}; }, {{{"finish_next"}, one, kClock}})[0];
  const ValueId longer = i.let({"longer"}, loses ? "jnp.minimum($0 + 1, " + room + ")" : "$0 + 1",
                               {p[3]}, index, kLength);
  return and_when(breaks, {later, finish, longer, came, p[5]}, p.back());
}

Ids Queue::depart(const Ids& p, ValueId now, ValueId rate) const {
  const Type index = counts(i, {});
  const ValueId shorter = i.let({"shorter"}, "$0 - 1", {p[3]}, index, kLength);
  const ValueId out = i.let({"served_next"}, "$0 + 1", {p[5]}, index, kLength);
  const ValueId work = job(out, rate);
  const ValueId finish = i.let({"finish_later"}, "jnp.where($0 > 0, $1 + $2, " + idle + ")",
                               {shorter, now, work}, scalar(i), kClock);
  return and_when(breaks, {p[1], finish, shorter, p[4], out}, p.back());
}

Ids Queue::stop(const Ids& p, ValueId now) const {
  const ValueId finish = i.let({"delayed"}, "$0 + 0.5", {p[2]}, scalar(i), kClock);
  const ValueId next = i.let({"pause_next"}, "$0 + " + pause, {now}, scalar(i), kClock);
  return {p[1], finish, p[3], p[4], p[5], next};
}

Ids Queue::next_event(const Ids& p, ValueId rate) const {
  const Type one = scalar(i), index = counts(i, {});
  const Type all{i.real(), {breaks ? 3 : 2}};
  const std::string places = breaks ? "[$0, $1, $2])" : "[$0, $1])";
  const ValueId times =
      i.let({"times", "event_times"}, i.either({"jnp.stack(", "jnp.array("}) + places,
            breaks ? Ids{p[1], p[2], p[7]} : Ids{p[1], p[2]}, all, kClock);
  const ValueId kind = i.let({"kind", "event"}, i.either({"jnp.argmin($0)", "$0.argmin()"}),
                             {times}, index, {0, breaks ? 2.0 : 1.0});
  const ValueId now = i.let({"now", "t_next"}, "$0[$1]", {times, kind}, one, kClock);
  const ValueId load =
      i.let({"load_next", "area_next"}, "$0 + $1 * ($2 - $3)", {p[6], p[3], now, p[0]}, one, kArea);
  Parts given = {{{"arrival_next"}, one, kClock},
                 {{"finish_after"}, one, kClock},
                 {{"length_next"}, index, kLength},
                 {{"came_after"}, index, kLength},
                 {{"served_after"}, index, kLength}};
  std::vector<Idiom::Branch> branches = {
      {{"arrive", "on_arrival"}, [&](const Ids&) { return arrive(p, now, rate); }},
      {{"depart", "on_departure"}, [&](const Ids&) { return depart(p, now, rate); }}};
  if (breaks) {
    given.push_back({{"pause_after"}, one, kClock});
    branches.push_back({{"stop", "on_pause"}, [&](const Ids&) { return stop(p, now); }});
  }
  const Ids next = i.switch_(kind, {}, {}, branches, given);
  Ids out = {now, next[0], next[1], next[2], next[3], next[4], load};
  return and_when(breaks, out, next.back());
}

Ids Queue::run(ValueId rate) const {
  const Type one = scalar(i);
  const ValueId t0 = zero_like(i, {"t0", "start"}, rate, kClock);
  const ValueId first = i.let({"first_arrival", "arrival0"}, "$0[0]", {gaps}, one, {0.2, 1.5});
  const ValueId never =
      i.let({"never", "idle"}, "jnp.full_like($0, " + idle + ")", {rate}, one, kClock);
  const ValueId none = count_from(i, {"none"}, 0, kLength);
  std::vector<Idiom::Carry> carries = {
      {{"t", "clock"}, t0, kClock, {"t_end", "stopped"}},
      {{"arrival", "next_in"}, first, kClock, {}},
      {{"finish", "next_out"}, never, kClock, {}},
      {{"length", "waiting"}, none, kLength, {}},
      {{"came", "seen"}, none, kLength, {}},
      {{"served", "left"}, none, kLength, served ? Words{"served_end"} : Words{}},
      {{"area", "load"}, t0, kArea, {"area_end", "total_load"}}};
  if (breaks) {
    const ValueId soon = i.let({"stop0"}, "jnp.full_like($0, " + pause + ")", {rate}, one, kClock);
    carries.push_back({{"pause", "next_stop"}, soon, kClock, {}});
  }
  const std::string open = "($0 < " + horizon + fmt::format(") & ($1 < {})", draws - 1);
  const Ids end = i.while_loop(
      carries, {"before_horizon", "running"},
      [&](const Ids& p) { return Ids{i.let({"go_on"}, open, {p[0], p[4]}, flags({}), {0, 1})}; },
      {"next_event", "advance"}, [&](const Ids& p) { return next_event(p, rate); });
  Ids out = {i.let({"mean_length", "mean_load"}, "$0 / $1", {end[6], end[0]}, one, {0, 12})};
  if (served) out.push_back(end[5]);
  return and_when(clocks, out, end[0]);
}

// A queue whose next event is an arrival, the end of a service or a pause of the server, whichever
// comes first; for several servers.
Op event_queue() {
  return idiom("event_queue", kConditional, 1.1, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t servers = i.between(2, 5), draws = i.between(10, 16);
    const ValueId rates =
        i.argument({"service_rates", "speeds", "rates"}, {i.real(), {servers}}, {0.7, 2});
    const ValueId gaps =
        i.argument({"gaps", "arrival_gaps", "waits"}, {i.real(), {draws}}, {0.2, 1.5});
    const ValueId works =
        i.argument({"works", "service_times", "jobs"}, {i.real(), {draws}}, {0.3, 1.8});
    const bool breaks = i.chance(0.6), loses = i.chance(0.35), served = i.chance(0.4),
               clocks = i.chance(0.3);
    i.called({"simulate_queue", "event_loop", "queue_by_events"});
    i.summary(breaks ? "Simulate queues at servers that pause, and give their mean lengths."
                     : "Simulate a queue event by event for servers of several speeds.");
    const std::string horizon = i.setting({"horizon", "t_end"}, {"6.0", "5.0", "8.0"});
    const std::string pause = i.either({"1.5", "2.0", "1.2"}), room = i.either({"3", "2", "4"});
    const std::string idle = i.either({"1e3", "1e6"});
    const Queue queue{i,     breaks, loses, served, clocks, horizon,
                      pause, room,   idle,  gaps,   works,  draws};
    std::vector<Words> results = {{"mean_lengths", "loads"}};
    if (served) results.push_back({"served", "departures"});
    if (clocks) results.push_back({"end_times", "clocks"});
    mapped(i, {"run_server", "simulate_one"}, {{{"rate", "speed"}, rates}}, results,
           [&](const Ids& g) { return queue.run(g[0]); });
  });
}

// Points under a map: Mandelbrot, Julia, burning ship, a cubic.
struct Orbit {
  Idiom& i;
  std::int64_t most, kind;
  ValueId c;
  bool smooth, inside;
  std::string bound;

  // How many steps a point stays near.
  ValueId steps(ValueId x, ValueId y) const;
};

ValueId Orbit::steps(ValueId x, ValueId y) const {
  const Type one = scalar(i), index = counts(i, {});
  const Interval plane{-2, 2}, orbit{-6, 6}, counted = below(most);
  const auto walk = [&](const Ids&) {
    const ValueId none = count_from(i, {"n0"}, 0, counted);
    const ValueId zero = zero_like(i, {"z0"}, x, orbit);
    const ValueId a0 = kind == 1 ? x : zero, b0 = kind == 1 ? y : zero;
    const ValueId ca = kind == 1 ? i.let({"ca"}, "$0[0]", {c}, one, plane) : x;
    const ValueId cb = kind == 1 ? i.let({"cb"}, "$0[1]", {c}, one, plane) : y;
    const Ids end = i.while_loop(
        {{{"a", "re"}, a0, orbit, smooth ? Words{"a_end"} : Words{}},
         {{"b", "im"}, b0, orbit, smooth ? Words{"b_end"} : Words{}},
         {{"n", "count"}, none, counted, {"steps", "n_end"}}},
        {"bounded", "still_near"},
        [&](const Ids& q) {
          return Ids{i.let({"near"},
                           "($0**2 + $1**2 < " + bound + fmt::format(") & ($2 < {})", most), q,
                           flags({}), {0, 1})};
        },
        {"iterate", "orbit_step"},
        [&](const Ids& q) {
          static const Words kReal = {"$0**2 - $1**2 + $2", "$0**2 - $1**2 + $2",
                                      "$0**2 - $1**2 + $2", "$0**3 - 3.0 * $0 * $1**2 + $2"};
          static const Words kImag = {"2.0 * $0 * $1 + $2", "2.0 * $0 * $1 + $2",
                                      "2.0 * jnp.abs($0 * $1) + $2",
                                      "3.0 * $0**2 * $1 - $1**3 + $2"};
          const ValueId a = i.let({"a_next"}, kReal[static_cast<std::size_t>(kind)],
                                  {q[0], q[1], ca}, one, orbit);
          const ValueId b = i.let({"b_next"}, kImag[static_cast<std::size_t>(kind)],
                                  {q[0], q[1], cb}, one, orbit);
          return Ids{a, b, i.let({"n_next"}, "$0 + 1", {q[2]}, index, counted)};
        });
    if (!smooth) return Ids{end[2]};
    i.comment("Without steps between bands of equal counts.");
    const std::string size = "jnp.maximum(jnp.log($1**2 + $2**2), 1.0)";
    return Ids{i.let({"level"},
                     kind == 3 ? "$0 + 2.0 - jnp.log(" + size + ") / jnp.log(3.0)"
                               : "$0 + 2.0 - jnp.log2(" + size + ")",
                     {end[2], end[0], end[1]}, one, {-4, 16})};
  };
  if (!inside) return walk({})[0];
  const ValueId q = i.let({"q"}, "($0 - 0.25) ** 2 + $1**2", {x, y}, one, {0, 6});
  const ValueId never = i.let({"in_cardioid", "never_escapes"},
                              "$0 * ($0 + $1 - 0.25) < 0.25 * $2**2", {q, x, y}, flags({}), {0, 1});
  return i.cond(
      never, {}, {}, {"at_most", "give_up"},
      [&](const Ids&) {
        return Ids{smooth ? i.let({"top"}, fmt::format("jnp.full_like($0, {}.0)", most + 2), {x},
                                  one, {-4, 16})
                          : count_from(i, {"top"}, most, counted)};
      },
      {"iterate_point", "walk"}, walk,
      {{{"taken", "level"}, smooth ? one : index, smooth ? Interval{-4, 16} : counted}})[0];
}

// How long points stay near under a map, row by row; each stops when it is out.
Op escape_times() {
  return idiom("escape_times", kVectorization, 1.0, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t rows = few(i, 6, 3), columns = few(i, 6, 3), most = i.between(8, 14);
    const Type one = scalar(i), index = counts(i, {});
    const auto kind = i.between(0, 3);
    const ValueId ys = i.argument({"ys", "imag", "rows"}, {i.real(), {rows}}, {-1.2, 1.2});
    const ValueId xs = i.argument({"xs", "real", "columns"}, {i.real(), {columns}}, {-1.8, 0.8});
    const ValueId c =
        kind == 1 ? i.input({"seed_point", "c", "constant"}, Shape{2}, {-0.8, 0.4}) : kNoValue;
    static const Words kCalled[] = {{"mandelbrot", "escape_times"},
                                    {"julia_set", "escape_times"},
                                    {"burning_ship", "escape_times"},
                                    {"cubic_escape", "escape_times"}};
    static const Words kSays = {
        "Count the steps until points of a grid escape under z^2 + c.",
        "Count the steps until points of a grid escape to infinity, for one constant.",
        "Draw the burning ship: squares of absolute values.",
        "Count the steps until points escape under z^3 + c."};
    i.called(kCalled[kind]);
    i.summary(kSays[static_cast<std::size_t>(kind)]);
    const bool smooth = i.chance(0.4), inside = (kind == 0) && i.chance(0.5),
               by_scan = i.chance(0.35), radius = i.chance(0.4);
    const std::string bound = i.setting({"bailout", "limit"}, {"4.0", "8.0", "16.0"});
    const Orbit of{i, most, kind, c, smooth, inside, bound};
    const auto along = [&](ValueId y) {
      return mapped(i, {"one_point", "per_column"}, {{{"x", "re0"}, xs}}, {{"row_times", "line"}},
                    [&](const Ids& q) { return Ids{of.steps(q[0], y)}; })[0];
    };
    if (by_scan) {
      const Type total = smooth ? one : index;
      const Interval sums{-100, 600};
      const ValueId start = smooth ? i.let({"sum0"}, "jnp.zeros((), $0.dtype)", {ys}, total, sums)
                                   : count_from(i, {"sum0"}, 0, sums);
      i.scan({"one_row", "per_row"},
             {{{"total", "acc"}, start, sums, radius ? Words{"total_steps", "area"} : Words{}}},
             {{{"y", "im0"}, ys}}, {{"image", "times"}}, [&](const Ids& p) {
               const ValueId row = along(p[1]);
               return Ids{
                   i.let({"total_next"}, i.chance(0.5) ? "$0 + jnp.sum($1)" : "$0 + $1.sum()",
                         {p[0], row}, total, sums),
                   row};
             });
      return;
    }
    mapped(i, {"one_row", "per_row"}, {{{"y", "im0"}, ys}}, {{"image", "times"}},
           [&](const Ids& p) { return Ids{along(p[0])}; });
  });
}

constexpr Interval kCell{0, 2};

// A forest that grows, is struck and burns, a phase at a time.
struct Forest {
  Idiom& i;
  Type grid;
  std::int64_t spread;  // how far a fire gets at most
  bool wet, until, windy;
  std::string around;

  ValueId spread_fire(ValueId g, ValueId u) const;
  // A phase of fire: for a number of steps, or until it is out.
  ValueId burn(ValueId g, ValueId u) const;
};

ValueId Forest::spread_fire(ValueId g, ValueId u) const {
  const ValueId fire = i.let({"fire", "burning"}, "$0 == 2", {g}, flags(grid.shape), {0, 1});
  if (windy) i.comment("The wind carries sparks along a diagonal too.");
  const ValueId near = i.let({"near_fire", "exposed"}, around, {fire}, flags(grid.shape), {0, 1});
  const ValueId caught =
      i.let({"caught", "lit"}, wet ? "$0 & ($1 == 1) & ($2 < 0.7)" : "$0 & ($1 == 1)",
            wet ? Ids{near, g, u} : Ids{near, g}, flags(grid.shape), {0, 1});
  return i.let(
      {"g_next"},
      i.either({"jnp.where($0, 0, jnp.where($1, 2, $2))", "jnp.select([$0, $1], [0, 2], $2)"}),
      {fire, caught, g}, grid, kCell);
}

ValueId Forest::burn(ValueId g, ValueId u) const {
  if (!until)
    return repeat(i, 0, spread, {"burn_step", "one_front"}, {{{"h", "state"}, g, kCell, {"burnt"}}},
                  [&](const Ids& q) { return Ids{spread_fire(q[0], u)}; })[0];
  const ValueId none = count_from(i, {"rounds"}, 0, {0, 4});
  return i.while_loop(
      {{{"h", "state"}, g, kCell, {"burnt"}}, {{"k", "rounds"}, none, {0, 4}, {}}},
      {"still_burning"},
      [&](const Ids& q) {
        return Ids{i.let({"alight"}, fmt::format("jnp.any($0 == 2) & ($1 < {})", spread + 1), q,
                         flags({}), {0, 1})};
      },
      {"burn_step", "one_front"},
      [&](const Ids& q) {
        return Ids{spread_fire(q[0], u),
                   i.let({"k_next"}, "$0 + 1", {q[1]}, counts(i, {}), {0, 4})};
      })[0];
}

Op forest_phases() {
  return idiom("forest_phases", kConditional, 1.0, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = few(i, 8, 4), steps = i.between(6, 10), spread = i.between(1, 3);
    const Type grid = counts(i, {n, n});
    const ValueId start = i.argument({"forest", "grid", "cells"}, grid, kCell);
    const ValueId luck =
        i.argument({"uniforms", "luck", "u"}, {i.real(), {steps, n, n}}, {0.01, 0.99});
    const ValueId kinds = i.argument({"phases", "seasons", "schedule"}, counts(i, {steps}), kCell);
    i.called({"forest_fire", "run_seasons", "simulate_forest"});
    i.summary("Let a forest grow, be struck and burn, as a schedule says.");
    i.comment("0: bare, 1: a tree, 2: burning.");
    const std::string grow = i.setting({"growth", "p_grow"}, {"0.3", "0.4", "0.25"}),
                      strike = i.setting({"lightning", "p_strike"}, {"0.15", "0.2", "0.25"});
    const bool diagonal = i.chance(0.3), wet = i.chance(0.4), tallies = i.chance(0.6),
               burnt = i.chance(0.4), until = i.chance(0.5);
    const std::string around =
        diagonal ? "(jnp.roll($0, 1, 0) | jnp.roll($0, -1, 0) | jnp.roll($0, 1, 1) | jnp.roll($0, "
                   "-1, 1) | jnp.roll($0, (1, 1), (0, 1)))"
                 : i.either({"jnp.roll($0, 1, 0) | jnp.roll($0, -1, 0) | jnp.roll($0, 1, 1) | "
                             "jnp.roll($0, -1, 1)",
                             "jnp.roll($0, 1, axis=0) | jnp.roll($0, -1, axis=0) | jnp.roll($0, 1, "
                             "axis=1) | jnp.roll($0, -1, axis=1)"});
    const Forest of{i, grid, spread, wet, until, diagonal, around};
    const Parts taken = {{{"g", "cells"}, grid, kCell},
                         {{"r", "chances"}, {i.real(), {n, n}}, {0, 1}}};
    const Idiom::Branch growing{
        {"grow", "sprout"}, [&](const Ids& p) {
          return Ids{i.let({"grown"}, "jnp.where(($0 == 0) & ($1 < " + grow + "), 1, $0)", p, grid,
                           kCell)};
        }};
    const Idiom::Branch striking{
        {"strike", "ignite"}, [&](const Ids& p) {
          return Ids{i.let({"struck"}, "jnp.where(($0 == 1) & ($1 < " + strike + "), 2, $0)", p,
                           grid, kCell)};
        }};
    const Idiom::Branch burning{{"burn", "spread_fire"},
                                [&](const Ids& p) { return Ids{of.burn(p[0], p[1])}; }};
    i.scan({"season", "phase_step"},
           {{{"cells", "grid"}, start, kCell, {"last_forest", "forest_end"}}},
           {{{"phase", "kind"}, kinds}, {{"u", "luck"}, luck}},
           when(tallies, burnt ? Words{"fires", "burning_counts"} : Words{"tree_counts", "cover"}),
           [&](const Ids& p) {
             const ValueId next = i.switch_(p[1], {p[0], p[2]}, taken, {growing, striking, burning},
                                            {{{"cells_next"}, grid, kCell}})[0];
             return and_when(
                 tallies, {next},
                 tallies
                     ? i.let({"tally"},
                             burnt ? i.either({"jnp.sum($0 == 2)", "($0 == 2).sum()"})
                                   : i.either({"jnp.sum($0 == 1)", "jnp.count_nonzero($0 == 1)"}),
                             {next}, counts(i, {}), {0, 64})
                     : kNoValue);
           });
  });
}

constexpr Interval kHeights{0, 8};
constexpr Interval kTopples{0, 60};

// A pile and how often its sites toppled until it was stable; `over` says which do and `given` what
// their neighbours get.
Ids topple_all(Idiom& i, ValueId pile, std::int64_t high, const std::string& over,
               const std::string& given) {
  const Type grid = i.type(pile);
  const ValueId none = count_from(i, {"size0"}, 0, kTopples);
  return i.while_loop(
      {{{"s", "now"}, pile, kHeights, {"stable"}},
       {{"size", "topples"}, none, kTopples, {"size_end", "toppled"}}},
      {"unstable", "too_high"},
      [&](const Ids& q) {
        return Ids{i.let({"unsettled"}, fmt::format("jnp.any($0 >= {}) & ($1 < 40)", high), q,
                         flags({}), {0, 1})};
      },
      {"topple", "relax"},
      [&](const Ids& q) {
        const ValueId k = i.let({"k", "falls"}, over, {q[0]}, grid, {0, 2});
        const ValueId gain = i.let({"gain", "received"}, given, {k}, grid, {0, 8});
        return Ids{i.let({"s_next"}, fmt::format("$0 - {} * $1 + $2", high), {q[0], k, gain}, grid,
                         kHeights),
                   i.let({"size_next"}, "$0 + jnp.sum($1)", {q[1], k}, counts(i, {}), kTopples)};
      });
}

// Grains that fall on a pile: while a site is too high it gives to its neighbours.
Op sandpile() {
  return idiom("sandpile", kLoop, 1.0, kNone, [](Idiom& i) {
    const std::int64_t n = few(i, 7, 4), drops = few(i, 12, 5);
    const bool line = i.chance(0.35);
    const Type grid = counts(i, line ? Shape{n} : Shape{n, n}), index = counts(i, {});
    const std::int64_t high = line ? 2 : 4;
    const ValueId start =
        i.argument({"pile", "heights", "sand"}, grid, {0, static_cast<double>(high - 1)});
    const ValueId rows = i.argument({line ? "sites" : "rows", "drops"}, counts(i, {drops}),
                                    {0, static_cast<double>(n - 1)});
    const ValueId columns =
        line ? kNoValue
             : i.argument({"columns", "cols"}, counts(i, {drops}), {0, static_cast<double>(n - 1)});
    i.called({"sandpile", "drop_grains", "avalanches"});
    i.summary("Drop grains on a pile and let it topple until it is stable.");
    const bool sizes = i.chance(0.7), areas = sizes && i.chance(0.4), big = i.chance(0.45),
               quick = i.chance(0.4);
    const std::string given =
        line ? "jnp.pad($0[1:], (0, 1)) + jnp.pad($0[:-1], (1, 0))"
             : i.either(
                   {"jnp.pad($0[1:], ((0, 1), (0, 0))) + jnp.pad($0[:-1], ((1, 0), (0, 0))) + "
                    "jnp.pad($0[:, 1:], ((0, 0), (0, 1))) + jnp.pad($0[:, :-1], ((0, 0), (1, 0)))",
                    "jnp.pad($0, 1)[2:, 1:-1] + jnp.pad($0, 1)[:-2, 1:-1] + jnp.pad($0, 1)[1:-1, "
                    "2:] + jnp.pad($0, 1)[1:-1, :-2]"});
    const std::string over = quick ? fmt::format("$0 // {}", high)
                                   : i.either({fmt::format("($0 >= {}).astype($0.dtype)", high),
                                               fmt::format("jnp.where($0 >= {}, 1, 0)", high)});
    const ValueId lost = big ? count_from(i, {"big0", "none"}, 0, kTopples) : kNoValue;
    std::vector<Idiom::Carry> carries = {{{"h", "pile"}, start, kHeights, {"settled", "pile_end"}}};
    if (big) carries.push_back({{"large", "record"}, lost, kTopples, {"large_ones", "worst"}});
    std::vector<Idiom::Slice> over_drops = {{{"r", "site"}, rows}};
    if (!line) over_drops.push_back({{"c", "col"}, columns});
    const bool worst = i.chance(0.5);
    i.scan(
        {"drop", "add_grain"}, carries, over_drops,
        when(sizes, areas ? Words{"losses", "fallen"} : Words{"sizes", "topplings"}),
        [&](const Ids& p) {
          const std::size_t at = big ? 2 : 1;
          const ValueId more =
              line ? i.let({"loaded"}, "$0.at[$1].add(1)", {p[0], p[at]}, grid, kHeights)
                   : i.let({"loaded"}, "$0.at[$1, $2].add(1)", {p[0], p[at], p[at + 1]}, grid,
                           kHeights);
          const Ids end = topple_all(i, more, high, over, given);
          Ids out = {end[0]};
          if (big) {
            const ValueId large = i.let({"is_large", "beats"}, worst ? "$0 > $1" : "$0 >= 2",
                                        worst ? Ids{end[1], p[1]} : Ids{end[1]}, flags({}), {0, 1});
            out.push_back(branch(
                i, large, {p[1], end[1]},
                {{{"so_far"}, index, kTopples}, {{"this"}, index, kTopples}}, {"note", "record_it"},
                [&](const Ids& q) {
                  return Ids{worst ? q[1] : i.let({"one_more"}, "$0 + 1", {q[0]}, index, kTopples)};
                },
                {"ignore", "pass_by"}, [](const Ids& q) { return Ids{q[0]}; },
                {{{"large_next"}, index, kTopples}})[0]);
          }
          if (!sizes) return out;
          return and_when(
              true, out,
              areas ? i.let({"lost"}, "jnp.sum($0) - jnp.sum($1)", {more, end[0]}, index, kTopples)
                    : end[1]);
        });
  });
}

struct Way {
  Words names;
  std::string form;  // of the own and the other's last move, and luck
};

const std::vector<Way>& strategies() {
  static const std::vector<Way> kAll = {
      {{"copy_last", "tit_for_tat"}, "{other}"},
      {{"win_stay", "pavlov"}, "({own} == {other}).astype({own}.dtype)"},
      {{"at_random", "coin"}, "({u} < 0.5).astype({own}.dtype)"},
      {{"forgive", "generous"}, "jnp.where({u} < 0.3, 1, {other})"},
      {{"contrary", "turn_around"}, "1 - {other}"},
      {{"grudge", "never_again"}, "{own} * {other}"},
      {{"probe", "try_defect"}, "jnp.where({u} < 0.25, 0, {other})"}};
  return kAll;
}

constexpr Interval kMove{0, 1};

// choose_move(strategy, own, other, luck), at the top of the module.
BodyId chooser(Idiom& i, const std::vector<Way>& ways) {
  const Type one = scalar(i), index = counts(i, {});
  const Interval kinds{0, static_cast<double>(ways.size() - 1)};
  const Parts seen = {{{"own", "mine"}, index, kMove},
                      {{"other", "theirs"}, index, kMove},
                      {{"u", "chance"}, one, {0, 1}}};
  return i.helper(
      {"choose_move", "act"}, "A strategy's move after the last two.",
      {{{"kind", "strategy"}, index, kinds}, seen[0], seen[1], seen[2]}, [&](const Ids& p) {
        std::vector<Idiom::Branch> branches;
        for (const Way& way : ways) {
          branches.push_back({way.names, [&i, way, index](const Ids& q) {
                                if (way.form == "{other}") return Ids{q[1]};
                                return Ids{let(i, {"chosen"}, way.form,
                                               {{"own", q[0]}, {"other", q[1]}, {"u", q[2]}}, index,
                                               kMove)};
                              }});
        }
        return i.switch_(p[0], {p[1], p[2], p[3]}, seen, branches, {{{"move"}, index, kMove}},
                         {true, {}});
      });
}

// Strategies that meet in pairs and play for some rounds.
Op play_strategies() {
  return idiom("play_strategies", kConditional, 1.0, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t pairs = i.between(3, 6), rounds = i.between(5, 8);
    const Type one = scalar(i), index = counts(i, {});
    std::vector<Way> ways = strategies();
    for (std::size_t k = ways.size() - 1; k > 0; --k)
      std::swap(ways[k],
                ways[static_cast<std::size_t>(i.between(0, static_cast<std::int64_t>(k)))]);
    const std::int64_t count = i.between(3, 4);
    const Interval kinds{0, static_cast<double>(count - 1)}, points{0, 50};
    const ValueId first = i.argument({"first_players", "left", "a"}, counts(i, {pairs}), kinds);
    const ValueId second = i.argument({"second_players", "right", "b"}, counts(i, {pairs}), kinds);
    const ValueId luck =
        i.argument({"luck", "uniforms", "u"}, {i.real(), {rounds, 2}}, {0.02, 0.98});
    const ValueId pay = i.argument({"payoffs", "rewards", "gains"}, {i.real(), {2, 2}}, {0, 5});
    i.called({"play_tournament", "iterated_game", "meet_in_pairs"});
    i.summary("Let strategies meet in pairs and play a game of two moves for some rounds.");
    const bool fades = i.chance(0.4), trace = i.chance(0.4), both = i.chance(0.6),
               opens = i.chance(0.5);
    const std::string discount =
        fades ? i.setting({"discount", "delta"}, {"0.9", "0.8", "0.95"}) : "";
    const BodyId act = chooser(i, {ways.begin(), ways.begin() + count});
    const std::int64_t begin = opens ? 1 : 0;
    std::vector<Words> results = {{"scores", "totals"}};
    if (both) results.push_back({"other_scores", "second_scores"});
    if (trace) results.push_back({"histories", "move_traces"});
    mapped(i, {"play_pair", "meet"}, {{{"ka", "kind_a"}, first}, {{"kb", "kind_b"}, second}},
           results, [&](const Ids& g) {
             const ValueId opening = count_from(i, {"opening", "trust"}, begin, kMove);
             const ValueId zero =
                 i.let({"zero", "nothing"}, "jnp.zeros((), $0.dtype)", {pay}, one, points);
             std::vector<Idiom::Carry> carries = {
                 {{"a", "move_a"}, opening, kMove, {}},
                 {{"b", "move_b"}, opening, kMove, {}},
                 {{"sum_a", "score"}, zero, points, {"total_a", "score_end"}}};
             if (both)
               carries.push_back({{"sum_b", "score_b"}, zero, points, {"total_b", "other_end"}});
             const auto out = i.scan(
                 {"play_round", "one_round"}, carries, {{{"u", "coins"}, luck}},
                 when(trace, {"moves", "trace"}), [&](const Ids& p) {
                   const auto move = [&](const Words& names, ValueId kind, ValueId own,
                                         ValueId other, const std::string& coin) {
                     const ValueId u = i.let({"coin"}, coin, {p.back()}, one, {0, 1});
                     return i.call(names, act, {kind, own, other, u}, index, kMove);
                   };
                   const ValueId a = move({"a_next"}, g[0], p[0], p[1], "$0[0]");
                   const ValueId b = move({"b_next"}, g[1], p[1], p[0], "$0[1]");
                   const std::string add =
                       fades ? discount + " * $0 + $1[$2, $3]" : "$0 + $1[$2, $3]";
                   Ids next = {a, b, i.let({"sum_next"}, add, {p[2], pay, a, b}, one, points)};
                   if (both)
                     next.push_back(i.let({"sum_b_next"}, add, {p[3], pay, b, a}, one, points));
                   return and_when(
                       trace, next,
                       trace ? i.let({"pair"}, "2 * $0 + $1", {a, b}, index, {0, 3}) : kNoValue);
                 });
             Ids made = {out.final[2]};
             if (both) made.push_back(out.final[3]);
             return and_when(trace, made, trace ? out.stacked[0] : kNoValue);
           });
  });
}

// Beams of sequences that grow by a table of transitions; token 0 ends one.
struct Beams {
  Idiom& i;
  std::int64_t vocab, beams, steps;
  ValueId table;
  bool until, norms;
  std::string penalty;

  Type scores() const { return {i.real(), {beams}}; }
  Type tokens() const { return counts(i, {beams}); }
  Type sequences() const { return counts(i, {beams, steps}); }
  Interval ids() const { return {0, static_cast<double>(vocab - 1)}; }
  // Scores, last tokens and sequences after step k.
  Ids extend(const Ids& p, ValueId ended, ValueId k, ValueId bias) const;
  Ids grow(const Ids& p, ValueId k, ValueId bias) const;
  std::vector<Idiom::Carry> start(ValueId first, ValueId bias) const;
  Ids decode(ValueId first, ValueId bias) const;
};

constexpr Interval kLogs{-20, 0};

Ids Beams::extend(const Ids& p, ValueId ended, ValueId k, ValueId bias) const {
  const Type picked{DType::kI32, {beams}};
  const Shape all{beams, vocab};
  const ValueId lp = i.let({"log_probs", "logp"}, "jax.nn.log_softmax($0[$1] + $2, axis=-1)",
                           {table, p[1], bias}, all, kLogs);
  i.comment("An ended beam goes on with the end token at no cost.");
  const ValueId stay =
      i.let({"stay", "only_end"}, fmt::format("jnp.where(jnp.arange({}) == 0, 0.0, -1e4)", vocab),
            {}, Shape{vocab}, {-1e4, 0});
  const ValueId joint = i.let({"candidates", "joint"},
                              "$0[:, None] + jnp.where($1[:, None], $2.astype($3.dtype), $3)",
                              {p[0], ended, stay, lp}, all, kLogs);
  const std::string flat = i.either({"ravel()", "reshape(-1)"});
  const Ids best =
      i.unpack(fmt::format("lax.top_k($0.{}, {})", flat, beams), {joint}, {},
               {{{"scores_next"}, scores(), kLogs},
                {{"flat", "places"}, picked, {0, static_cast<double>(beams * vocab - 1)}}});
  const ValueId parent = i.let({"parents", "beam"}, fmt::format("$0 // {}", vocab), {best[1]},
                               picked, {0, static_cast<double>(beams - 1)});
  const ValueId token =
      i.let({"chosen", "new_tokens"}, fmt::format("($0 % {}).astype($1.dtype)", vocab),
            {best[1], p[1]}, tokens(), ids());
  return {
      best[0], token,
      i.let({"grown"}, "$0[$1].at[:, $2].set($3)", {p[2], parent, k, token}, sequences(), ids())};
}

Ids Beams::grow(const Ids& p, ValueId k, ValueId bias) const {
  const ValueId ended = i.let({"ended", "finished"}, "$0 == 0", {p[1]}, flags({beams}), {0, 1});
  const ValueId all = i.let({"all_ended", "nothing_left"}, i.either({"jnp.all($0)", "$0.all()"}),
                            {ended}, flags({}), {0, 1});
  return i.cond(
      all, p,
      {{{"s", "sc"}, scores(), kLogs},
       {{"t", "last"}, tokens(), ids()},
       {{"r", "seqs"}, sequences(), ids()}},
      {"leave", "stop"}, [](const Ids& q) { return q; }, {"extend", "grow"},
      [&](const Ids& q) { return extend(q, ended, k, bias); },
      {{{"s_next"}, scores(), kLogs},
       {{"t_next"}, tokens(), ids()},
       {{"r_next"}, sequences(), ids()}},
      {true, {}});
}

std::vector<Idiom::Carry> Beams::start(ValueId first, ValueId bias) const {
  i.comment("At first one beam alone is open.");
  const ValueId score = i.let(
      {"scores0", "first_scores"},
      i.either({fmt::format("jnp.where(jnp.arange({}) == 0, 0.0, -1e4).astype($0.dtype)", beams),
                fmt::format("jnp.full({}, -1e4, $0.dtype).at[0].set(0.0)", beams)}),
      {bias}, scores(), kLogs);
  const ValueId token =
      i.let({"tokens0", "last0"}, fmt::format("jnp.full({}, $0)", beams), {first}, tokens(), ids());
  const ValueId empty =
      i.let({"sequences0", "blank"}, fmt::format("jnp.zeros(({}, {}), $0.dtype)", beams, steps),
            {first}, sequences(), ids());
  return {{{"scores", "totals"}, score, kLogs, {"scores_end", "final_scores"}},
          {{"last", "tokens"}, token, ids(), {}},
          {{"seqs", "history"}, empty, ids(), {"sequences", "decoded"}}};
}

Ids Beams::decode(ValueId first, ValueId bias) const {
  std::vector<Idiom::Carry> carries = start(first, bias);
  Ids end;
  if (until) {
    const Interval counted{0, static_cast<double>(steps)};
    carries.push_back({{"k", "step"}, count_from(i, {"k0"}, 0, counted), counted, {}});
    end = i.while_loop(
        carries, {"unfinished", "beams_open"},
        [&](const Ids& p) {
          return Ids{i.let({"go_on"}, fmt::format("jnp.any($0 != 0) & ($1 < {})", steps),
                           {p[1], p[3]}, flags({}), {0, 1})};
        },
        {"beam_step", "grow_beams"},
        [&](const Ids& p) {
          Ids next = grow({p[0], p[1], p[2]}, p[3], bias);
          next.push_back(i.let({"k_next"}, "$0 + 1", {p[3]}, counts(i, {}), counted));
          return next;
        });
  } else {
    end = i.fori(0, steps, {"beam_step", "grow_beams"}, carries,
                 [&](const Ids& p) { return grow({p[1], p[2], p[3]}, p[0], bias); });
  }
  if (!norms) return {end[0], end[2]};
  const ValueId length = i.let({"lengths", "sizes"}, "jnp.sum($0 != 0, axis=1) + 1", {end[2]},
                               tokens(), {1, static_cast<double>(steps + 1)});
  return {i.let({"ranked", "normalized"}, "$0 / $1.astype($0.dtype) ** " + penalty,
                {end[0], length}, scores(), kLogs),
          end[2]};
}

// Beam search over a table of transitions: beams grow until all have ended; several sequences.
Op beam_decode() {
  return idiom("beam_decode", kConditional, 1.0, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t batch = i.between(2, 4), vocab = i.between(4, 6), beams = i.between(2, 3),
                       steps = i.between(3, 6);
    const ValueId table = i.argument({"transition_logits", "bigram_logits", "table"},
                                     {i.real(), {vocab, vocab}}, {-2, 2});
    const ValueId first = i.argument({"prompts", "starts", "first_tokens"}, counts(i, {batch}),
                                     {1, static_cast<double>(vocab - 1)});
    const ValueId context =
        i.argument({"context", "bias", "topic_logits"}, {i.real(), {batch, vocab}}, {-1.5, 1.5});
    i.called({"beam_search", "decode_beams", "beam_decode"});
    i.summary("Decode by beam search; beams that have ended keep their score.");
    const bool until = i.chance(0.4), norms = i.chance(0.4), gives = i.chance(0.6);
    const std::string penalty =
        norms ? i.setting({"length_penalty", "alpha"}, {"0.6", "0.7", "0.8"}) : "";
    const Beams search{i, vocab, beams, steps, table, until, norms, penalty};
    std::vector<Words> results = {{"beam_scores", "scores"}};
    if (gives) results.push_back({"decoded", "sequences"});
    mapped(i, {"decode_one", "search_one"},
           {{{"start", "prompt"}, first}, {{"bias", "topic"}, context}}, results,
           [&](const Ids& p) {
             const Ids made = search.decode(p[0], p[1]);
             return gives ? made : Ids{made[0]};
           });
  });
}

}  // namespace

std::vector<Op> nested_simulation_idioms() {
  return {event_queue(), escape_times(),    forest_phases(),
          sandpile(),    play_strategies(), beam_decode()};
}

}  // namespace jaxsmith::plan
