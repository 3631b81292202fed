// Iterations within steps: solvers that run in each step of a loop.
#include <fmt/format.h>

#include <algorithm>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"
#include "plan/jax/idioms_flows.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;
using Part = Idiom::Part;
using Bodies = std::vector<BodyId>;

// ---- Implicit steps ----

struct Law {
  Words called;
  std::string says;
  Words forms;  // the slope at $0 under a drive $1
};

const std::vector<Law>& stiff_laws() {
  static const std::vector<Law> kAll = {
      {{"relax_springs"}, "cubic springs", {"$1 - 3.0 * $0**3", "$1 - $0 - 2.0 * $0**3"}},
      {{"discharge_diodes"},
       "capacitors that leak through diodes",
       {"$1 - jnp.sinh(1.5 * $0)", "$1 - jnp.sinh($0) - 0.5 * $0"}},
      {{"diffuse_and_react"},
       "a ring of cells that react and mix",
       {"$1 + jnp.roll($0, 1) + jnp.roll($0, -1) - 2.0 * $0 - $0**3",
        "$1 + 2.0 * (jnp.roll($0, 1) - $0) - 0.5 * $0**3"}},
      {{"settle_network"},
       "neurons that inhibit one another",
       {"$1 - 3.0 * $0 - jnp.tanh(jnp.sum($0) - $0)", "$1 - 2.0 * $0 + jnp.tanh($0[::-1] - $0)"}}};
  return kAll;
}

// How an implicit step is solved.
struct Solver {
  bool chord;    // one Jacobian for a step
  bool damped;   // half a step where the whole one does not help
  bool halfway;  // the trapezoidal rule
  std::string dt, tolerance;
  Type state;
};

constexpr Interval kState{-3, 3};

// One step of Newton for residual(u) = 0, and how far it went.
Ids newton_round(Idiom& i, const Solver& s, BodyId residual, ValueId u, ValueId inverse) {
  const ValueId r = i.let({"r", "res"}, "$f0($0)", {u}, Bodies{residual}, s.state, {-6, 6});
  ValueId du;
  if (s.chord) {
    du = i.let({"du", "correction"}, "$0 @ $1", {inverse, r}, s.state, kState);
  } else {
    const std::int64_t n = s.state.shape[0];
    const ValueId jacobian = i.let({"jac", "slope"}, "jax.jacfwd($f0)($0)", {u}, Bodies{residual},
                                   Type{i.real(), {n, n}}, {-6, 12});
    du = i.let({"du", "correction"}, "jnp.linalg.solve($0, $1)", {jacobian, r}, s.state, kState);
  }
  ValueId next = i.let({"trial", "u_new"}, "$0 - $1", {u, du}, s.state, kState);
  if (s.damped) {
    i.comment("A whole step may overshoot where the law bends.");
    const ValueId better = i.let({"better", "improves"},
                                 i.either({"jnp.linalg.norm($f0($0)) <= jnp.linalg.norm($1)",
                                           "jnp.max(jnp.abs($f0($0))) <= jnp.max(jnp.abs($1))"}),
                                 {next, r}, Bodies{residual}, flags({}), {0, 1});
    next = branch(
        i, better, {u, du}, {{{"u_old", "w"}, s.state, kState}, {{"d", "move"}, s.state, kState}},
        {"whole_step", "accept"},
        [&](const Ids& q) { return Ids{i.let({"whole"}, "$0 - $1", q, s.state, kState)}; },
        {"half_step", "damp"},
        [&](const Ids& q) { return Ids{i.let({"half"}, "$0 - 0.5 * $1", q, s.state, kState)}; },
        {{{"u_next", "updated"}, s.state, kState}})[0];
  }
  return {next,
          i.let({"size", "move_size"}, i.either({"jnp.max(jnp.abs($0))", "jnp.linalg.norm($0)"}),
                {du}, Shape{}, {0, 10})};
}

// Steps in time whose equation Newton solves, each to a tolerance; whole or damped.
Op implicit_steps() {
  return idiom("implicit_steps", kLoop, 1.0, kForward, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t steps = few(i, 12, 4), n = i.between(2, 4);
    const Law law = i.random().pick(stiff_laws());
    Solver s{false, false, false, "", "", {i.real(), {n}}};
    const ValueId u0 = i.argument({"u0", "state", "initial"}, s.state, {-1.5, 1.5});
    const ValueId drive =
        i.argument({"drive", "inputs", "currents"}, {i.real(), {steps, n}}, {-3, 3});
    s.chord = i.chance(0.4), s.damped = i.chance(0.5), s.halfway = i.chance(0.4);
    Words names = law.called;
    names.insert(names.end(),
                 {s.halfway ? "trapezoidal_steps" : "implicit_euler", "integrate_stiff"});
    i.called(names);
    i.summary("Integrate " + law.says +
              (s.halfway ? " by the trapezoidal rule" : " by implicit Euler") +
              ", Newton's method within each step.");
    s.dt = i.setting({"dt", "step_size"}, {"0.25", "0.2", "0.4"});
    s.tolerance = i.setting({"tol", "tolerance"}, {"1e-2", "3e-2"});
    const std::int64_t most = i.between(3, 6);
    const bool rounds = i.chance(0.6), ahead = i.chance(0.3);
    const BodyId rhs =
        i.helper({"rhs", "slope", "dudt"}, "Slope of " + law.says + " under a drive.",
                 {{{"u", "state"}, s.state, kState}, {{"force", "drive"}, s.state, {-3, 3}}},
                 [&](const Ids& p) {
                   return Ids{i.let({"rate"}, i.either(law.forms), p, s.state, {-9, 9})};
                 });
    std::vector<Words> stacked = {{"path", "states"}};
    if (rounds) stacked.push_back({"iterations", "rounds"});
    i.scan(
        {"advance", "implicit_step"}, {{{"u", "state"}, u0, kState, {}}}, {{{"force", "f"}, drive}},
        stacked, [&](const Ids& p) {
          const std::string lead = "$1 - $0 - ";
          const BodyId residual = i.function(
              {"residual", "mismatch"}, {{{"v", "guess"}, s.state, kState}}, [&](const Ids& q) {
                const std::string form =
                    s.halfway ? lead + halved(s.dt) + " * ($f0($0, $2) + $f0($1, $2))"
                              : lead + s.dt + " * $f0($1, $2)";
                return Ids{i.let({"gap"}, form, {p[0], q[0], p[1]}, Bodies{rhs}, s.state, {-6, 6})};
              });
          ValueId start = p[0], inverse = kNoValue;
          if (ahead)
            start = i.let({"guess", "predicted"}, "$0 + " + halved(s.dt) + " * $f0($0, $1)", p,
                          Bodies{rhs}, s.state, kState);
          if (s.chord)
            inverse = i.let({"inverse", "jac_inv"}, "jnp.linalg.inv(jax.jacfwd($f0)($0))", {start},
                            Bodies{residual}, Type{i.real(), {n, n}}, {-2, 2});
          const Ids out = until_settled(
              i, {s.tolerance, most, 10, rounds ? Words{"taken"} : Words{}},
              {{{"u", "w"}, start, kState, {"solved", "u_next"}}}, {"newton_step", "refine"},
              [&](const Ids& q) { return newton_round(i, s, residual, q[0], inverse); });
          return and_when(rounds, {out[0], out[0]}, out.back());
        });
  });
}

// ---- Steps that adapt between times at which the state is saved ----

// One attempt: a whole step against two halves.
Ids doubled_step(Idiom& i, bool midpoint, BodyId step, ValueId y, ValueId h, bool extrapolates) {
  const Type type = i.type(y);
  const ValueId once =
      i.let({"coarse", "y_big"}, "$f0($0, $1)", {y, h}, Bodies{step}, type, kState);
  const ValueId twice = i.let({"fine", "y_small"}, "$f0($f0($0, 0.5 * $1), 0.5 * $1)", {y, h},
                              Bodies{step}, type, kState);
  const ValueId error =
      i.let({"err", "error"}, i.either({"jnp.max(jnp.abs($0 - $1))", "jnp.linalg.norm($0 - $1)"}),
            {twice, once}, Shape{}, {1e-4, 1});
  if (!extrapolates) return {twice, error};
  i.comment("Richardson's extrapolation: the leading error cancels.");
  return {i.let({"better", "y_new"}, midpoint ? "$0 + ($0 - $1) / 3.0" : "2.0 * $0 - $1",
                {twice, once}, type, kState),
          error};
}

constexpr Interval kClock{0, 1.2};
constexpr Interval kLengths{0.02, 1};

struct AdaptiveSteps {
  Idiom& i;
  bool midpoint, extrapolates, steps;
  std::string tolerance, grow, fall;
  BodyId step;

  // Time, state, step and number of tries after one more of them.
  Ids attempt(const Ids& q, ValueId end) const;
  // The state and the step after a span of time, what is saved, and the number of tries.
  Ids span(const Ids& p) const;
};

Ids AdaptiveSteps::attempt(const Ids& q, ValueId end) const {
  const Type pair = i.type(q[1]), one = scalar(i);
  const ValueId h =
      i.let({"h_now", "dt"}, "jnp.minimum($0, $1 - $2 + 1e-3)", {q[2], end, q[0]}, one, kLengths);
  const Ids made = doubled_step(i, midpoint, step, q[1], h, extrapolates);
  const ValueId ok = i.let({"ok", "small"}, "$0 <= " + tolerance, {made[1]}, flags({}), {0, 1});
  const Ids next = branch(
      i, ok, {q[0], q[1], h},
      {{{"s", "now"}, one, kClock}, {{"u", "here"}, pair, kState}, {{"dt", "k"}, one, kLengths}},
      {"accept", "advance"},
      [&](const Ids& r) {
        const ValueId later = i.let({"later"}, "$0 + $1", {r[0], r[2]}, one, kClock);
        return Ids{later, made[0], i.let({"longer"}, grow + " * $0", {r[2]}, one, kLengths)};
      },
      {"reject", "retry"},
      [&](const Ids& r) {
        return Ids{r[0], r[1], i.let({"shorter"}, fall + " * $0", {r[2]}, one, kLengths)};
      },
      {{{"t_next"}, one, kClock}, {{"y_next"}, pair, kState}, {{"h_next"}, one, kLengths}});
  return Ids{next[0], next[1], next[2], i.let({"count"}, "$0 + 1", {q[3]}, counts(i, {}), {0, 60})};
}

Ids AdaptiveSteps::span(const Ids& p) const {
  const ValueId t0 = zero_like(i, {"t", "t0"}, p[2], kClock);
  const ValueId none = count_from(i, {"tries"}, 0, {0, 60});
  const Ids out = i.while_loop(
      {{{"t", "time"}, t0, kClock, {}},
       {{"y", "state"}, p[0], kState, {"y_end", "reached"}},
       {{"h", "dt"}, p[1], kLengths, {"h_end"}},
       {{"tries", "n"}, none, {0, 60}, steps ? Words{"taken"} : Words{}}},
      {"before_end", "unfinished"},
      [&](const Ids& q) {
        return Ids{i.let({"more"}, "($0 < $1) & ($2 < 60)", {q[0], p[2], q[3]}, flags({}), {0, 1})};
      },
      {"attempt", "try_step"}, [&](const Ids& q) { return attempt(q, p[2]); });
  return and_when(steps, {out[1], out[2], out[1]}, out[3]);
}

Op adaptive_spans() {
  return idiom("adaptive_spans", kConditional, 1.0, kForward, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t spans = few(i, 8, 3);
    const Flow& flow = i.random().pick(flows());
    const Type pair{i.real(), {2}}, one = scalar(i);
    const ValueId y0 = i.argument({"y0", "state", "start"}, pair, flow.start);
    const ValueId gaps =
        i.argument({"gaps", "spans", "intervals"}, {i.real(), {spans}}, {0.3, 1.2});
    const ValueId rate = i.input({"rate", "k", "stiffness"}, Shape{}, flow.rate);
    Words names = flow.called;
    names.insert(names.end(), {"solve_at_times", "adaptive_spans"});
    i.called(names);
    i.summary("Integrate " + flow.says + " and save the state after each span.");
    const bool midpoint = i.chance(0.5), extrapolates = i.chance(0.4), steps = i.chance(0.5);
    const std::string tolerance =
        i.setting({"tol", "tolerance"},
                  midpoint ? Words{"0.001", "0.002", "0.003"} : Words{"0.01", "0.02", "0.015"});
    const std::string grow = i.either({"1.5", "1.4", "2.0"}),
                      fall = i.either({"0.5", "0.4", "0.6"});
    const std::string first = i.either({"0.6", "0.8", "0.5"});
    const BodyId rhs = i.helper(
        {"rhs", "slope", "vector_field"}, "Slope of " + flow.says + ".",
        {{{"y", "state"}, pair, flow.start}, {{"k", "rate"}, one, flow.rate}}, [&](const Ids& p) {
          return Ids{
              let(i, {"dy"}, i.either(flow.forms), {{"y", p[0]}, {"k", p[1]}}, pair, {-5, 5})};
        });
    const BodyId step = i.function(
        {midpoint ? "midpoint_step" : "euler_step", "single_step"},
        {{{"u", "y"}, pair, kState}, {{"dt", "length"}, one, kLengths}}, [&](const Ids& p) {
          return Ids{i.let(
              {"ahead"},
              midpoint ? "$0 + $1 * $f0($0 + 0.5 * $1 * $f0($0, $2), $2)" : "$0 + $1 * $f0($0, $2)",
              {p[0], p[1], rate}, Bodies{rhs}, pair, kState)};
        });
    const ValueId h0 =
        i.let({"h0", "first_step"}, "jnp.full_like($0, " + first + ")", {rate}, one, kLengths);
    std::vector<Words> stacked = {{"path", "saved"}};
    if (steps) stacked.push_back({"attempts", "tries"});
    const AdaptiveSteps of{i, midpoint, extrapolates, steps, tolerance, grow, fall, step};
    i.scan({"solve_span", "to_next"},
           {{{"y", "state"}, y0, kState, {}}, {{"h", "dt"}, h0, kLengths, {}}},
           {{{"span", "gap"}, gaps}}, stacked, [&](const Ids& p) { return of.span(p); });
  });
}

// ---- Linear systems and eigenvectors ----

// A matrix whose diagonal outweighs its rows.
ValueId dominant(Idiom& i, std::int64_t n) {
  const ValueId raw = i.argument({"matrix", "couplings", "a"}, {i.real(), {n, n}}, {-1, 1});
  return i.let({"system", "a_dominant"},
               i.either({"$0 + jnp.diag(jnp.sum(jnp.abs($0), axis=1))",
                         "$0 + jnp.diag(0.5 + jnp.abs($0).sum(axis=1))",
                         "$0 + ($0.shape[0] * 0.8 + 0.5) * jnp.eye($0.shape[0], dtype=$0.dtype)"}),
               {raw}, Shape{n, n}, {-1, 9});
}

// Gauss-Seidel: sweeps over the rows until the solution settles, relaxed or in both directions.
Op sweep_rows() {
  return idiom("sweep_rows", kLinearAlgebra, 1.0, kForward, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = few(i, 8, 3);
    const Interval range{-4, 4};
    const ValueId a = dominant(i, n);
    const ValueId b = i.argument({"rhs", "b", "loads"}, {i.real(), {n}}, {-3, 3});
    const bool relaxed = i.chance(0.5), both = i.chance(0.35), bounded = i.chance(0.3),
               residual = i.chance(0.5), by_scan = !both && i.chance(0.4), rounds = i.chance(0.6);
    const std::string omega =
        relaxed ? i.setting({"omega", "relaxation"}, {"1.1", "1.2", "0.9", "0.8"}) : "";
    i.called({relaxed ? "sor_solve" : "gauss_seidel",
              bounded ? "projected_sweeps" : "solve_by_sweeps",
              both ? "symmetric_sweeps" : "relax_rows"});
    i.summary(bounded ? "Solve a linear complementarity problem by sweeps over its rows."
                      : "Solve a linear system by sweeps over its rows, each with what is newest.");
    const std::string tolerance = i.setting({"tol", "tolerance"}, {"1e-2", "3e-2"});
    const Type one = scalar(i), vector{i.real(), {n}};
    const auto at_row = [&](ValueId x, ValueId k) {
      const ValueId rest =
          i.let({"rest", "gap"}, i.either({"$0[$1] - $2[$1] @ $3", "$0[$1] - jnp.dot($2[$1], $3)"}),
                {b, k, a, x}, one, {-5, 5});
      ValueId value =
          i.let({"value", "xk"},
                (relaxed ? "$0[$1] + " + omega + " * $2" : "$0[$1] + $2") + " / $3[$1, $1]",
                {x, k, rest, a}, one, range);
      if (bounded) {
        const ValueId low = i.let({"negative", "below"}, "$0 < 0.0", {value}, flags({}), {0, 1});
        value = branch(
            i, low, {value}, {{{"v"}, one, range}}, {"clamp", "project"},
            [&](const Ids& q) { return Ids{i.let({"zero"}, "jnp.zeros_like($0)", q, one, range)}; },
            {"keep", "free"}, [](const Ids& q) { return q; }, {{{"xk_next"}, one, range}})[0];
      }
      return i.let({"x_next", "updated"}, "$0.at[$1].set($2)", {x, k, value}, vector, range);
    };
    const auto forward = [&](ValueId x) {
      if (by_scan) {
        const ValueId rows = i.let(
            {"rows", "order"},
            i.either({fmt::format("jnp.arange({})", n), fmt::format("jnp.arange({})[::-1]", n)}),
            {}, counts(i, {n}), {0, static_cast<double>(n - 1)});
        return i
            .scan({"relax_row", "visit"}, {{{"x", "v"}, x, range, {"swept"}}},
                  {{{"k", "row"}, rows}}, {}, [&](const Ids& p) { return Ids{at_row(p[0], p[1])}; })
            .final[0];
      }
      return i.fori(0, n, {"relax_row", "visit"}, {{{"x", "v"}, x, range, {"swept"}}},
                    [&](const Ids& p) { return Ids{at_row(p[1], p[0])}; })[0];
    };
    const ValueId start =
        i.let({"start", "x0"}, i.either({"jnp.zeros_like($0)", "$0 / jnp.diag($1)"}), {b, a},
              vector, range);
    until_settled(
        i, {tolerance, i.between(4, 8), 9, rounds ? Words{"sweeps", "rounds"} : Words{}},
        {{{"x", "solution"}, start, range, {"solution", "x"}}}, {"sweep", "one_sweep"},
        [&](const Ids& p) {
          ValueId x = forward(p[0]);
          if (both)
            x = i.fori(0, n, {"relax_back", "visit_back"}, {{{"x", "v"}, x, range, {"returned"}}},
                       [&](const Ids& q) {
                         const ValueId k = i.let({"k"}, fmt::format("{} - $0", n - 1), {q[0]},
                                                 counts(i, {}), {0, static_cast<double>(n - 1)});
                         return Ids{at_row(q[1], k)};
                       })[0];
          return Ids{x,
                     residual && !bounded
                         ? i.let({"miss"}, "jnp.max(jnp.abs($0 @ $1 - $2))", {a, x, b}, one, {0, 9})
                         : i.let({"miss"}, "jnp.max(jnp.abs($0 - $1))", {x, p[0]}, one, {0, 9})};
        });
  });
}

// The leading eigenvectors one after another: power iteration within, what was found taken out.
Op deflated_powers() {
  return idiom("deflated_powers", kLinearAlgebra, 1.0, kForward, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = few(i, 6, 3), k = i.between(2, n - 1);
    const Type matrix{i.real(), {n, n}}, vector{i.real(), {n}}, one = scalar(i);
    const Interval range{-12, 20}, unit{-1, 1};
    const ValueId raw = i.argument({"samples", "factors", "x"}, {i.real(), {n + 1, n}}, {-1, 1});
    const ValueId starts = i.argument({"starts", "probes", "v0"}, {i.real(), {k, n}}, {0.2, 1});
    i.called({"leading_eigenpairs", "power_with_deflation", "principal_directions"});
    i.summary("Find leading eigenvectors one by one, taking out what was found.");
    i.comment("A graded diagonal keeps the eigenvalues apart.");
    const ValueId a = i.let(
        {"gram", "a"},
        i.either({"$0.T @ $0 + jnp.diag(jnp.arange($0.shape[1], dtype=$0.dtype))",
                  "$0.T @ $0 + jnp.diag(jnp.linspace(0.0, 4.0, $0.shape[1], dtype=$0.dtype))"}),
        {raw}, matrix, range);
    const std::string norm = i.either(
        {"$0 / jnp.linalg.norm($0)", "$0 / jnp.sqrt(jnp.sum($0**2))", "$0 / jnp.sqrt($0 @ $0)"});
    const std::string tolerance = i.setting({"tol", "tolerance"}, {"1e-3", "3e-3"});
    const std::int64_t most = i.between(20, 40);
    const bool keeps = i.chance(0.7), rounds = i.chance(0.25), shifted = i.chance(0.3);
    std::vector<Words> stacked = {{"values", "eigenvalues"}};
    if (keeps) stacked.push_back({"vectors", "directions"});
    if (rounds) stacked.push_back({"rounds", "iterations"});
    i.scan({"find_next", "extract"},
           {{{"m", "deflated"}, a, range, keeps ? Words{} : Words{"remainder", "rest"}}},
           {{{"v0", "start"}, starts}}, stacked, [&](const Ids& p) {
             const ValueId v0 = i.let({"v_start"}, norm, {p[1]}, vector, unit);
             const Ids out = until_settled(
                 i, {tolerance, most, 2, rounds ? Words{"taken"} : Words{}},
                 {{{"v", "u"}, v0, unit, {"v_found", "direction"}}}, {"multiply", "power_step"},
                 [&](const Ids& q) {
                   const ValueId w =
                       i.let({"w", "image"}, shifted ? "$0 @ $1 + 0.5 * $1" : "$0 @ $1",
                             {p[0], q[0]}, vector, range);
                   const ValueId v = i.let({"v_next"}, norm, {w}, vector, unit);
                   return Ids{
                       v, i.let({"moved"},
                                i.either({"jnp.linalg.norm($0 - $1)", "jnp.max(jnp.abs($0 - $1))"}),
                                {v, q[0]}, one, {0, 2})};
                 });
             const ValueId value =
                 i.let({"value", "rayleigh"}, i.either({"$0 @ $1 @ $0", "jnp.vdot($0, $1 @ $0)"}),
                       {out[0], p[0]}, one, {0, 20});
             const ValueId less = i.let({"m_next"}, "$0 - $1 * jnp.outer($2, $2)",
                                        {p[0], value, out[0]}, matrix, range);
             Ids all = and_when(keeps, {less, value}, out[0]);
             return and_when(rounds, all, out.back());
           });
  });
}

constexpr Interval kEntries{-6, 9};

// Eigenvalues of a symmetric matrix by rotations that take out one pair after another; pairs that
// are small already are passed over.
struct Rotations {
  Idiom& i;
  std::int64_t n;
  std::string small;
  bool by_arctan;

  Interval places() const { return {0, static_cast<double>(n - 1)}; }
  Type matrix() const { return {i.real(), {n, n}}; }

  // The angle that takes out the entry at p and q.
  ValueId angle(ValueId m, ValueId p, ValueId q) const;
  ValueId turned(ValueId m, ValueId p, ValueId q) const;
  // The same, unless the entry is small.
  ValueId rotate(ValueId m, ValueId p, ValueId q) const;
  // All pairs in turn: along the rows, or as a list says.
  ValueId sweep_rows(ValueId m) const;
  ValueId sweep_pairs(ValueId m, ValueId where) const;
};

ValueId Rotations::angle(ValueId m, ValueId p, ValueId q) const {
  const Type one = scalar(i);
  if (by_arctan)
    return i.let({"theta", "angle"}, "0.5 * jnp.arctan2(2.0 * $0[$1, $2], $0[$2, $2] - $0[$1, $1])",
                 {m, p, q}, one, {-1.6, 1.6});
  const ValueId ratio = i.let({"tau", "ratio"}, "($0[$2, $2] - $0[$1, $1]) / (2.0 * $0[$1, $2])",
                              {m, p, q}, one, {-60, 60});
  return i.let({"theta", "angle"},
               "jnp.arctan(jnp.where($0 < 0, -1.0, 1.0) / (jnp.abs($0) + jnp.sqrt(1.0 + $0**2)))",
               {ratio}, one, {-0.8, 0.8});
}

ValueId Rotations::turned(ValueId m, ValueId p, ValueId q) const {
  const Type one = scalar(i);
  const ValueId by = angle(m, p, q);
  const ValueId c = i.let({"c"}, "jnp.cos($0)", {by}, one, {0.1, 1});
  const ValueId s = i.let({"s"}, "jnp.sin($0)", {by}, one, {-1, 1});
  const ValueId rotation = i.let({"rotation", "g"},
                                 fmt::format("jnp.eye({}, dtype=$0.dtype).at[$3, "
                                             "$3].set($1).at[$4, $4].set($1).at[$3, $4].set($2)"
                                             ".at[$4, $3].set(-$2)",
                                             n),
                                 {m, c, s, p, q}, matrix(), {-1, 1});
  return i.let({"rotated"}, i.either({"$0.T @ $1 @ $0", "jnp.linalg.multi_dot([$0.T, $1, $0])"}),
               {rotation, m}, matrix(), kEntries);
}

ValueId Rotations::rotate(ValueId m, ValueId p, ValueId q) const {
  const ValueId big =
      i.let({"worth_it", "large"}, "jnp.abs($0[$1, $2]) > " + small, {m, p, q}, flags({}), {0, 1});
  return branch(
      i, big, {m}, {{{"w", "now"}, matrix(), kEntries}}, {"rotate", "apply_rotation"},
      [&](const Ids& r) { return Ids{turned(r[0], p, q)}; }, {"skip", "leave"},
      [](const Ids& r) { return r; }, {{{"m_next"}, matrix(), kEntries}})[0];
}

ValueId Rotations::sweep_rows(ValueId m) const {
  const Type index = counts(i, {});
  return i.fori(
      0, n - 1, {"along_rows"}, {{{"m", "w"}, m, kEntries, {"swept"}}}, [&](const Ids& q) {
        const ValueId next = i.let({"first"}, "$0 + 1", {q[0]}, index, places());
        const ValueId last = count_from(i, {"past_end"}, n, {0, static_cast<double>(n)});
        return i.while_loop(
            {{{"m", "w"}, q[1], kEntries, {"row_done"}}, {{"q", "j"}, next, places(), {}}},
            {"in_row"},
            [&](const Ids& r) {
              return Ids{i.let({"inside"}, "$0 < $1", {r[1], last}, flags({}), {0, 1})};
            },
            {"pair_step"},
            [&](const Ids& r) {
              const ValueId turned = rotate(r[0], q[0], r[1]);
              return Ids{turned, i.let({"j_next"}, "$0 + 1", {r[1]}, index, places())};
            });
      })[0];
}

ValueId Rotations::sweep_pairs(ValueId m, ValueId where) const {
  const Type index = counts(i, {});
  return i
      .scan({"pair_step", "next_pair"}, {{{"m", "w"}, m, kEntries, {"swept"}}},
            {{{"pair", "pq"}, where}}, {},
            [&](const Ids& q) {
              const Ids ends =
                  i.unpack("$0", {q[1]}, {}, {{{"p"}, index, places()}, {{"q"}, index, places()}});
              return Ids{rotate(q[0], ends[0], ends[1])};
            })
      .final[0];
}

Op jacobi_rotations() {
  return idiom("jacobi_rotations", kLinearAlgebra, 1.0, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = i.between(3, 4), sweeps = i.between(2, 4), pairs = n * (n - 1) / 2;
    const Type matrix{i.real(), {n, n}};
    const ValueId raw = i.argument({"matrix", "raw", "a"}, matrix, {-2, 2});
    i.called({"jacobi_eigenvalues", "symmetric_eigenvalues", "diagonalize"});
    i.summary("Diagonalize a symmetric matrix by rotations of pairs.");
    const ValueId a =
        i.let({"symmetric", "a"}, i.either({"0.5 * ($0 + $0.T)", "($0 + $0.T) / 2.0"}), {raw},
              matrix, kEntries);
    const std::string small = i.setting({"threshold", "tol"}, {"0.05", "0.1", "0.02"});
    const bool by_arctan = i.chance(0.5), sorted = i.chance(0.5), table = i.chance(0.4);
    const Rotations of{i, n, small, by_arctan};
    ValueId where = kNoValue;
    if (!table) {
      where = i.let(
          {"pairs", "order"},
          i.either(
              {fmt::format("jnp.stack(jnp.triu_indices({}, 1), axis=1)", n),
               fmt::format("jnp.argwhere(jnp.triu(jnp.ones(({0}, {0})), 1), size={1})", n, pairs)}),
          {}, counts(i, {pairs, 2}), of.places());
    }
    const ValueId out =
        i.fori(0, sweeps, {"sweep", "one_sweep"},
               {{{"m", "a"}, a, kEntries, {"rotated", "almost_diagonal"}}}, [&](const Ids& p) {
                 return Ids{table ? of.sweep_rows(p[1]) : of.sweep_pairs(p[1], where)};
               })[0];
    i.let({"eigenvalues", "spectrum"},
          sorted ? i.either({"jnp.sort(jnp.diag($0))", "jnp.diagonal($0).sort()"}) : "jnp.diag($0)",
          {out}, Shape{n}, kEntries);
  });
}

// Rows that are eliminated: n of them, and the numbers beside a matrix.
struct Elimination {
  Idiom& i;
  std::int64_t n, width;
  std::int64_t kind;  // 0 a determinant, 1 a solution, 2 an inverse
  bool always;        // any larger pivot is taken
  bool add;

  // The table (and the sign of its rows' order) after column p[0].
  Ids column(const Ids& p) const;
};

Ids Elimination::column(const Ids& p) const {
  const Type table{i.real(), {n, width}}, one = scalar(i), index = counts(i, {});
  const Interval range{-8, 8}, places{0, static_cast<double>(n - 1)};
  const ValueId k = p[0];
  const ValueId best =
      i.let({"pivot", "best"},
            fmt::format("jnp.argmax(jnp.where(jnp.arange({}) >= $0, jnp.abs($1[:, $0]), -1.0))", n),
            {k, p[1]}, index, places);
  const ValueId other =
      i.let({"must_swap", "elsewhere"},
            always ? "$0 != $1" : "jnp.abs($2[$0, $1]) > 1.2 * jnp.abs($2[$1, $1])",
            always ? Ids{best, k} : Ids{best, k, p[1]}, flags({}), {0, 1});
  std::vector<Part> taken = {{{"w", "rows"}, table, range}},
                    given = {{{"m_swapped", "ordered"}, table, range}};
  Ids operands = {p[1]};
  if (kind == 0) {
    taken.push_back({{"s"}, one, {-1, 1}});
    given.push_back({{"sign_next"}, one, {-1, 1}});
    operands.push_back(p[2]);
  }
  const std::string swap = i.either({"$0.at[jnp.array([$1, $2])].set($0[jnp.array([$2, $1])])",
                                     "$0.at[$1].set($0[$2]).at[$2].set($0[$1])"});
  const Ids rows = branch(
      i, other, operands, taken, {"swap_rows", "exchange"},
      [&](const Ids& q) {
        Ids out = {i.let({"swapped"}, swap, {q[0], k, best}, table, range)};
        if (kind == 0) out.push_back(i.let({"flipped"}, "-$0", {q[1]}, one, {-1, 1}));
        return out;
      },
      {"keep_rows", "in_place"}, [](const Ids& q) { return q; }, given);
  const ValueId top = kind > 0 ? i.let({"scaled", "unit_row"}, "$0.at[$1].divide($0[$1, $1])",
                                       {rows[0], k}, table, range)
                               : rows[0];
  const ValueId next = i.fori(
      0, n, {"clear_row", "eliminate_row"}, {{{"m", "w"}, top, range, {"cleared"}}},
      [&](const Ids& q) {
        const ValueId hit = i.let({"hit", "below"}, kind == 0 ? "$0 > $1" : "$0 != $1", {q[0], k},
                                  flags({}), {0, 1});
        const ValueId factor = i.let({"factor", "share"},
                                     kind == 0 ? "jnp.where($0, $1[$2, $3] / $1[$3, $3], 0.0)"
                                               : "jnp.where($0, $1[$2, $3], 0.0)",
                                     {hit, q[1], q[0], k}, one, range);
        return Ids{i.let(
            {"m_next"}, add ? "$0.at[$1].add(-$2 * $0[$3])" : "$0.at[$1].set($0[$1] - $2 * $0[$3])",
            {q[1], q[0], factor, k}, table, range)};
      })[0];
  Ids out = {next};
  if (kind == 0) out.push_back(rows[1]);
  return out;
}

// Gaussian elimination column by column: rows change places where the pivot is small.
Op pivoted_elimination() {
  return idiom("pivoted_elimination", kLinearAlgebra, 1.0, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = i.between(3, 4);
    const std::int64_t kind = i.chance(0.15) ? 1 : i.chance(0.5) ? 0 : 2;
    const std::int64_t width = kind == 0 ? n : kind == 1 ? n + 1 : 2 * n;
    const Type table{i.real(), {n, width}}, one = scalar(i);
    const Interval range{-8, 8};
    const ValueId raw = i.argument({"matrix", "a", "coefficients"}, {i.real(), {n, n}}, {-2, 2});
    const ValueId b = kind == 1 ? i.argument({"rhs", "b"}, {i.real(), {n}}, {-2, 2}) : kNoValue;
    static const Words kCalled[] = {{"determinant", "det_by_elimination", "eliminate"},
                                    {"gaussian_elimination", "solve_system", "eliminate"},
                                    {"gauss_jordan_inverse", "invert", "eliminate"}};
    static const Words kSays = {"Compute a determinant by elimination with partial pivoting.",
                                "Solve a linear system by elimination with partial pivoting.",
                                "Invert a matrix by elimination with partial pivoting."};
    i.called(kCalled[kind]);
    i.summary(kSays[static_cast<std::size_t>(kind)]);
    const ValueId a = raw;
    const ValueId start =
        kind == 0   ? a
        : kind == 1 ? i.let({"augmented", "table"},
                            i.either({"jnp.column_stack([$0, $1])",
                                      "jnp.concatenate([$0, $1[:, None]], axis=1)"}),
                            {a, b}, table, range)
                    : i.let({"augmented", "table"},
                            fmt::format("jnp.hstack([$0, jnp.eye({}, dtype=$0.dtype)])", n), {a},
                            table, range);
    const bool always = i.chance(0.3), add = i.chance(0.5);
    const ValueId sign =
        kind == 0 ? i.let({"sign", "parity"}, "jnp.ones((), $0.dtype)", {a}, one, {-1, 1})
                  : kNoValue;
    std::vector<Idiom::Carry> carries = {{{"m", "table"}, start, range, {"reduced", "eliminated"}}};
    if (kind == 0) carries.push_back({{"sign", "parity"}, sign, {-1, 1}, {"final_sign", "sign"}});
    const Elimination of{i, n, width, kind, always, add};
    const Ids done = i.fori(0, n, {"eliminate_column", "column_step"}, carries,
                            [&](const Ids& p) { return of.column(p); });
    if (kind == 0)
      i.let({"det", "determinant"},
            i.either({"$0 * jnp.prod(jnp.diag($1))", "jnp.prod(jnp.diagonal($1)) * $0"}),
            {done[1], done[0]}, one, {-60, 120});
    else
      i.let({kind == 1 ? "solution" : "inverse", "x"},
            kind == 1 ? i.either({"$0[:, -1]", fmt::format("$0[:, {}]", n)})
                      : fmt::format("$0[:, {}:]", n),
            {done[0]}, kind == 1 ? Shape{n} : Shape{n, n}, range);
  });
}

}  // namespace

std::vector<Op> nested_solver_idioms() {
  return {implicit_steps(),  adaptive_spans(),   sweep_rows(),
          deflated_powers(), jacobi_rotations(), pivoted_elimination()};
}

}  // namespace jaxsmith::plan
