// Layers over time: recurrent cells, state spaces, causal filters.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plan/jax/idioms_network_parts.h"

namespace jaxsmith::plan {
namespace {
using namespace network;
using enum Derivative;

// The state that a recurrence begins with: given, or nothing.
ValueId initial_state(Idiom& i, Words names, ValueId like, std::int64_t units) {
  if (i.chance(0.55)) return i.input(std::move(names), {units}, around(1));
  const std::string spelling = i.either({fmt::format("jnp.zeros({}, $0.dtype)", units),
                                         fmt::format("jnp.zeros(({},), dtype=$0.dtype)", units)});
  return i.let({names[0], "start"}, spelling, {like}, {units}, around(1));
}

// A plain, leaky or gated recurrence over the rows of a sequence, forwards or backwards.
Op recurrent_cell() {
  return idiom("recurrent_cell", kLoop, 1.0, kSmooth, [](Idiom& i) {
    const ValueId inputs = i.anchor({"inputs", "xs", "sequence"}, 2, 2, around(3));
    const std::int64_t width = i.dim(inputs, -1);
    const std::int64_t units = i.chance(0.5) ? width : i.size();
    const ValueId kernel =
        i.input({"kernel", "w_in", "input_weights"}, {width, units}, weights_for(2 * width));
    const ValueId recurrent =
        i.input({"recurrent", "w_rec", "hidden_weights"}, {units, units}, weights_for(2 * units));
    const ValueId start = initial_state(i, {"state", "h0", "initial_state"}, inputs, units);
    const bool gated = i.chance(0.4), keep = i.chance(0.6), biased = i.chance(0.4);
    const ValueId bias = biased ? i.input({"bias", "b"}, {units}, around(0.5)) : kNoValue;
    const ValueId into_gate =
        gated ? i.input({"gate_kernel", "w_gate"}, {width, units}, weights_for(2 * width))
              : kNoValue;
    const ValueId back_to_gate =
        gated ? i.input({"gate_recurrent", "u_gate"}, {units, units}, weights_for(2 * units))
              : kNoValue;
    const std::string squash = i.either({"jnp.tanh", "jnp.tanh", "jax.nn.relu", "jax.nn.sigmoid"});
    i.called({gated ? "gated_recurrence" : "simple_rnn", "run_cell", "unroll_recurrence"});
    i.summary(gated ? "Run a gated recurrent cell over the rows of a sequence."
                    : "Run a plain recurrent cell over the rows of a sequence.");
    const double leak = i.number({0.5, 0.9, 0.8, 0.3});
    const auto out = i.scan(
        {"step", "cell", "advance"},
        {{{"h", "state", "carry"}, start, around(1), {"final", "last_state"}}},
        {{{"x", "x_t", "frame"}, inputs}}, when(keep, {"states", "hidden_states"}),
        [&](const Ids& p) {
          ValueId drive = i.let({"drive", "pre", "update"}, "$1 @ $2 + $0 @ $3",
                                {p[0], p[1], kernel, recurrent}, {units}, around(3));
          if (biased)
            drive = i.let({"drive", "total"}, "$0 + $1", {drive, bias}, {units}, around(3));
          ValueId next = i.let({"candidate", "new"}, squash + "($0)", {drive}, {units}, around(1));
          if (gated) {
            const ValueId gate = i.let({"gate", "z"}, "jax.nn.sigmoid($1 @ $2 + $0 @ $3)",
                                       {p[0], p[1], into_gate, back_to_gate}, {units}, {0, 1});
            next = i.let({"h_next", "mixed"},
                         i.either({"$0 * $1 + (1.0 - $0) * $2", "$1 + (1.0 - $0) * ($2 - $1)"}),
                         {gate, p[0], next}, {units}, around(1));
          } else if (i.chance(0.4)) {
            next = i.let({"h_next", "leaky"},
                         fmt::format("{} * $0 + {} * $1", Idiom::text(leak), Idiom::text(1 - leak)),
                         {p[0], next}, {units}, around(1));
          }
          return keep ? Ids{next, next} : Ids{next};
        },
        i.chance(0.2) ? "reverse=True" : "");
    if (keep && i.chance(0.4)) {
      const std::int64_t outputs = i.size();
      const ValueId readout =
          i.input({"readout", "w_out", "decoder"}, {units, outputs}, weights_for(units));
      dense(i, {"outputs", "logits"}, out.stacked[0], readout);
    }
  });
}

// Gates of a GRU, or its short form with one gate; kernels of all gates in one; reset before or
// after the product.
Op gru() {
  return idiom("gru", kLoop, 1.1, kSmooth, [](Idiom& i) {
    const ValueId inputs = i.anchor({"inputs", "xs", "sequence"}, 2, 2, around(2));
    const std::int64_t width = i.dim(inputs, -1), units = std::min<std::int64_t>(i.size(), 10);
    const bool minimal = i.chance(0.3), after = i.chance(0.5), keep = i.chance(0.5);
    const std::int64_t gates = minimal ? 2 : 3;
    const ValueId kernel =
        i.input({"w", "kernel", "w_input"}, {width, gates * units}, weights_for(width));
    const ValueId recurrent =
        i.input({"u", "recurrent", "w_hidden"}, {units, gates * units}, weights_for(units));
    const bool biased = i.chance(0.5);
    const ValueId bias = biased ? i.input({"b", "bias"}, {gates * units}, around(0.5)) : kNoValue;
    const ValueId start = initial_state(i, {"h0", "state", "initial"}, inputs, units);
    i.called({minimal ? "minimal_gru" : "gru", minimal ? "gated_unit" : "gated_recurrent_unit",
              "run_gru"});
    i.summary("Run a gated recurrent unit over a sequence.");
    const Type part = {i.real(), {units}};
    const auto split = [&](ValueId of, const std::string& tail) {
      std::vector<Idiom::Part> parts = {{{"z_" + tail}, part, around(3)}};
      if (!minimal) parts.push_back({{"r_" + tail}, part, around(3)});
      parts.push_back({{"n_" + tail}, part, around(3)});
      return i.unpack(fmt::format("jnp.split($0, {})", gates), {of}, {}, parts);
    };
    i.comment("What the inputs give to the gates needs no recurrence.");
    const ValueId drives =
        biased ? i.let({"drives", "projected"}, i.either({"$0 @ $1 + $2", "jnp.dot($0, $1) + $2"}),
                       {inputs, kernel, bias}, i.with_last(inputs, gates * units), around(3))
               : dense(i, {"drives", "projected"}, inputs, kernel);
    const ValueId into_candidate =
        after ? kNoValue
              : i.let({"u_candidate", "u_n"}, fmt::format("$0[:, {}:]", (gates - 1) * units),
                      {recurrent}, {units, units}, around(1));
    const ValueId into_gates =
        after ? recurrent
              : i.let({"u_gates", "u_zr"}, fmt::format("$0[:, :{}]", (gates - 1) * units),
                      {recurrent}, {units, (gates - 1) * units}, around(1));
    i.scan(
        {"step", "cell", "gru_step"}, {{{"h", "state"}, start, around(1), {"final", "last_state"}}},
        {{{"drive", "x_t"}, drives}}, when(keep, {"states", "hidden_states"}), [&](const Ids& p) {
          const Ids from_input = split(p[1], "in");
          const ValueId fed = i.let({"fed_back", "hh"}, "$0 @ $1", {p[0], into_gates},
                                    {i.dim(into_gates, 1)}, around(3));
          Ids from_state;
          if (after)
            from_state = split(fed, "rec");
          else if (minimal)
            from_state = {fed};
          else
            from_state = i.unpack("jnp.split($0, 2)", {fed}, {},
                                  {{{"z_rec"}, part, around(3)}, {{"r_rec"}, part, around(3)}});
          const std::string sum = "jax.nn.sigmoid($0 + $1)";
          const ValueId update =
              i.let({"z", "update"}, sum, {from_input[0], from_state[0]}, {units}, {0, 1});
          const ValueId reset =
              minimal ? update
                      : i.let({"r", "reset"}, sum, {from_input[1], from_state[1]}, {units}, {0, 1});
          const ValueId candidate =
              after ? i.let({"candidate", "n"}, "jnp.tanh($0 + $1 * $2)",
                            {from_input.back(), reset, from_state.back()}, {units}, around(1))
                    : i.let({"candidate", "n"}, "jnp.tanh($0 + ($1 * $2) @ $3)",
                            {from_input.back(), reset, p[0], into_candidate}, {units}, around(1));
          const ValueId next = i.let({"h_next", "new"},
                                     i.either({"(1.0 - $0) * $1 + $0 * $2", "$1 + $0 * ($2 - $1)"}),
                                     {update, candidate, p[0]}, {units}, around(1));
          return keep ? Ids{next, next} : Ids{next};
        });
  });
}

// Long short-term memory: kernels of the four gates in one, inputs joined to the state or apart;
// a forget bias, peepholes or a coupled gate by choice.
Op lstm() {
  return idiom("lstm", kLoop, 1.1, kSmooth, [](Idiom& i) {
    const ValueId inputs = i.anchor({"inputs", "xs", "sequence"}, 2, 2, around(2));
    const std::int64_t width = i.dim(inputs, -1), units = std::min<std::int64_t>(i.size(), 9);
    const bool joined = i.chance(0.45), coupled = i.chance(0.25), keep = i.chance(0.6),
               peep = i.chance(0.25);
    const std::int64_t gates = coupled ? 3 : 4;
    i.called({coupled ? "coupled_lstm" : "lstm", "long_short_term_memory", "run_lstm"});
    i.summary("Run a long short-term memory over a sequence.");
    if (coupled) i.summary("Run an LSTM whose input gate is what the forget gate leaves.");
    ValueId kernel, recurrent = kNoValue;
    if (joined) {
      kernel = i.input({"kernel", "w", "weights"}, {width + units, gates * units},
                       weights_for(width + units));
    } else {
      kernel =
          i.input({"w_input", "w_x", "kernel"}, {width, gates * units}, weights_for(2 * width));
      recurrent =
          i.input({"w_hidden", "w_h", "recurrent"}, {units, gates * units}, weights_for(2 * units));
    }
    const ValueId bias =
        i.chance(0.5) ? i.input({"bias", "b"}, {gates * units}, around(0.5)) : kNoValue;
    const ValueId hole = peep ? i.input({"peephole", "w_peep"}, {units}, around(0.7)) : kNoValue;
    const ValueId h0 = initial_state(i, {"h0", "hidden"}, inputs, units);
    const ValueId c0 = i.let({"c0", "cell0"}, "jnp.zeros_like($0)", {h0}, {units}, around(2));
    const std::string open = i.either({"jax.nn.sigmoid($0)", "jax.nn.sigmoid($0 + 1.0)"});
    const Type part = {i.real(), {units}};
    i.scan(
        {"step", "cell", "lstm_step"},
        {{{"h", "hidden"}, h0, around(1), {"h_last", "final_hidden"}},
         {{"c", "memory"}, c0, around(2), i.chance(0.4) ? Words{"c_last", "final_cell"} : Words{}}},
        {{{"x", "x_t"}, inputs}}, when(keep, {"outputs", "hidden_states"}), [&](const Ids& p) {
          ValueId pre = joined ? i.let({"gates", "pre"}, "jnp.concatenate([$0, $1]) @ $2",
                                       {p[2], p[0], kernel}, {gates * units}, around(4))
                               : i.let({"gates", "pre"}, "$0 @ $1 + $2 @ $3",
                                       {p[2], kernel, p[0], recurrent}, {gates * units}, around(4));
          if (bias != kNoValue)
            pre = i.let({"biased", "gates"}, "$0 + $1", {pre, bias}, {gates * units}, around(4));
          std::vector<Idiom::Part> parts = {{{"forget_in"}, part, around(4)},
                                            {{"cell_in"}, part, around(4)},
                                            {{"output_in"}, part, around(4)}};
          if (!coupled) parts.insert(parts.begin(), {{"input_in"}, part, around(4)});
          const Ids of = i.unpack(fmt::format("jnp.split($0, {})", gates), {pre}, {}, parts);
          const std::size_t at = coupled ? 0 : 1;
          ValueId forget_in = of[at];
          if (peep)
            forget_in =
                i.let({"forget_pre"}, "$0 + $1 * $2", {forget_in, hole, p[1]}, {units}, around(4));
          const ValueId forget = i.let({"forget", "f"}, open, {forget_in}, {units}, {0, 1});
          const ValueId write =
              coupled
                  ? i.let({"write", "input_gate"}, "1.0 - $0", {forget}, {units}, {0, 1})
                  : i.let({"write", "input_gate"}, "jax.nn.sigmoid($0)", {of[0]}, {units}, {0, 1});
          const ValueId c = i.let({"c_next", "cell"}, "$0 * $1 + $2 * jnp.tanh($3)",
                                  {forget, p[1], write, of[at + 1]}, {units}, around(2));
          const ValueId h = i.let({"h_next", "out"}, "jax.nn.sigmoid($0) * jnp.tanh($1)",
                                  {of[at + 2], c}, {units}, around(1));
          return keep ? Ids{h, c, h} : Ids{h, c};
        });
  });
}

// A recurrence that takes a step only where its input is news (Campos et al. 2018): a branch in
// each step.
Op skipping_cell() {
  return idiom("skipping_cell", kConditional, 0.9, kSmooth, [](Idiom& i) {
    const ValueId inputs = i.anchor({"inputs", "frames", "sequence"}, 2, 2, around(2));
    const std::int64_t width = i.dim(inputs, -1);
    // Whether an input is news hangs on the last bits of half types.
    if (i.dim(inputs, 0) < 5 || half_precision(i)) return i.fail();
    const ValueId kernel = i.input({"kernel", "weights", "w"}, {width, width}, weights_for(width));
    const bool by_norm = i.chance(0.5), blends = i.chance(0.5);
    const ValueId start = initial_state(i, {"state", "h0", "memory"}, inputs, width);
    i.called({"skip_rnn", "update_on_change", "sparse_recurrence"});
    i.summary("Update a state only at inputs that differ enough from it.");
    const double usual = 1.4 * (by_norm ? std::sqrt(static_cast<double>(width)) : 1.0);
    const std::string threshold = Idiom::text(std::round(usual * (by_norm ? 8 : 6)) / 10);
    const std::string rate = Idiom::text(i.number({0.5, 0.8, 0.7}));
    const bool keep = i.chance(0.7);
    i.scan({"step", "maybe_update"}, {{{"h", "state"}, start, around(2), {"final", "last_state"}}},
           {{{"x", "frame"}, inputs}}, when(keep, {"states", "trace"}), [&](const Ids& p) {
             const ValueId novelty =
                 i.let({"novelty", "change"},
                       by_norm ? "jnp.linalg.norm($0 - $1)" : "jnp.mean(jnp.abs($0 - $1))",
                       {p[1], p[0]}, Shape{}, {0.3 * usual, 1.6 * usual});
             const ValueId fresh =
                 i.let({"is_new", "surprising"}, "$0 > " + threshold, {novelty}, flags({}), {0, 1});
             const std::vector<Idiom::Part> parameters = {
                 {{"s", "old"}, {i.real(), {width}}, around(2)},
                 {{"u", "new"}, {i.real(), {width}}, around(2)}};
             const Ids next = i.cond(
                 fresh, {p[0], p[1]}, parameters, {"update", "take_in"},
                 [&](const Ids& q) {
                   const ValueId made = i.let({"proposal"}, "jnp.tanh(($0 + $1) @ $2)",
                                              {q[0], q[1], kernel}, {width}, around(1));
                   if (!blends) return Ids{made};
                   return Ids{i.let({"mixed"}, "$0 + " + rate + " * ($1 - $0)", {q[0], made},
                                    {width}, around(1))};
                 },
                 {"hold", "keep_state"}, [](const Ids& q) { return Ids{q[0]}; },
                 {{{"h_next", "chosen"}, {i.real(), {width}}, around(2)}});
             return keep ? Ids{next[0], next[0]} : Ids{next[0]};
           });
  });
}

// A diagonal linear state space (S4D, Gu et al. 2022): by a scan, decays as they are, by a sigmoid
// or by a step size; a skip of the input by choice.
Op state_space() {
  return idiom("state_space", kLoop, 1.1, kSmooth, [](Idiom& i) {
    const std::int64_t steps = i.size(), states = i.size();
    const bool many = i.chance(0.4);  // several channels, else a signal
    const std::int64_t channels = many ? std::min<std::int64_t>(i.size(), 6) : 1;
    const ValueId u =
        i.input({"inputs", "u", "signal"}, many ? Shape{steps, channels} : Shape{steps}, around(2));
    const Shape state = many ? Shape{channels, states} : Shape{states};
    const std::int64_t form = i.between(0, 2);
    const ValueId raw = form == 0 ? i.input({"decay", "a", "poles"}, state, {0.3, 0.95})
                        : form == 1
                            ? i.input({"log_a", "decay_logits", "raw_decay"}, state, {-1, 3})
                            : i.input({"log_rates", "log_a", "raw_rates"}, state, around(1));
    const ValueId b = i.input({"b", "in_weights", "b_in"}, state, around(1));
    const ValueId c = i.input({"c", "out_weights", "c_out"}, state, around(1));
    i.called({"diagonal_ssm", "state_space_layer", "linear_recurrence"});
    i.summary("Run a diagonal linear state space over a sequence.");
    ValueId a = raw, drive = b;
    if (form == 1) {
      a = i.let({"decay", "a_bar"}, "jax.nn.sigmoid($0)", {raw}, state, {0.2, 0.97});
    } else if (form == 2) {
      const std::string dt = Idiom::text(i.number({0.1, 0.2, 0.3, 0.5}));
      i.comment("Zero-order hold.");
      const ValueId rate = i.let({"rates", "neg_a"}, "jnp.exp($0)", {raw}, state, {0.36, 2.8});
      a = i.let({"a_bar", "decay"}, "jnp.exp(-" + dt + " * $0)", {rate}, state, {0.2, 0.97});
      drive = i.let({"b_bar", "b_disc"}, "(1.0 - $0) / $1 * $2", {a, rate, b}, state, around(0.5));
    }
    const std::string zero = i.either({"jnp.zeros_like($0)", "jnp.zeros($0.shape, $0.dtype)"});
    const ValueId start = i.let({"state", "h0"}, zero, {b}, state, around(3));
    const ValueId skip = i.chance(0.4) ? i.input({"d", "skip", "feedthrough"},
                                                 many ? Shape{channels} : Shape{}, around(1))
                                       : kNoValue;
    const auto out = i.scan(
        {"step", "advance", "ssm_step"},
        {{{"h", "state"},
          start,
          around(4),
          i.chance(0.4) ? Words{"final", "last_state"} : Words{}}},
        {{{"u_t", "x"}, u}}, {{"outputs", "ys"}}, [&](const Ids& p) {
          const ValueId next =
              i.let({"h_next", "new"}, many ? "$0 * $1 + $2 * $3[:, None]" : "$0 * $1 + $2 * $3",
                    {a, p[0], drive, p[1]}, state, around(4));
          const ValueId y = i.let(
              {"y", "out"},
              many ? i.either({"jnp.sum($0 * $1, axis=-1)", "jnp.einsum(\"cn,cn->c\", $0, $1)"})
                   : i.either({"$0 @ $1", "jnp.sum($0 * $1)", "jnp.dot($0, $1)"}),
              {c, next}, many ? Shape{channels} : Shape{}, around(6));
          return Ids{next, y};
        });
    if (skip != kNoValue)
      i.let({"with_skip", "output"}, i.either({"$0 + $1 * $2", "$0 + $2 * $1"}),
            {out.stacked[0], skip, u}, i.shape(u), around(7));
  });
}

// A first-order linear recurrence by a parallel scan (Blelloch 1990; LRU, Orvieto et al. 2023):
// decays per step (gated) or per feature.
Op parallel_recurrence() {
  return idiom("parallel_recurrence", kLoop, 1.1, kSmooth, [](Idiom& i) {
    const ValueId x = i.anchor({"inputs", "x", "sequence"}, 2, 2, around(2));
    const Shape shape = i.shape(x);
    const std::int64_t width = i.dim(x, -1);
    const bool gated = i.chance(0.5);
    i.called({gated ? "gated_linear_recurrence" : "linear_recurrence", "parallel_scan_cell",
              "scan_in_parallel"});
    i.summary("Run a linear recurrence over time by an associative scan.");
    ValueId decay, drive = x;
    if (gated) {
      const ValueId w =
          i.input({"w_gate", "gate_kernel", "w_a"}, {width, width}, weights_for(width));
      decay = i.let({"decay", "forget", "gate"},
                    i.either({"jax.nn.sigmoid($0 @ $1)", "jax.nn.sigmoid(jnp.dot($0, $1))"}),
                    {x, w}, shape, {0.05, 0.95});
    } else {
      const ValueId rate = i.input({"decay_logits", "log_decay", "nu"}, {width}, {-1, 2});
      const ValueId per =
          i.let({"rate", "lam"}, i.either({"jax.nn.sigmoid($0)", "jnp.exp(-jax.nn.softplus($0))"}),
                {rate}, {width}, {0.1, 0.9});
      decay = i.let({"decays", "a"},
                    i.either({"jnp.broadcast_to($0, $1.shape)", "jnp.tile($0, ($1.shape[0], 1))"}),
                    {per, x}, shape, {0.1, 0.9});
    }
    const std::int64_t scaled = i.between(0, 2);
    if (scaled == 1) {
      drive = i.let({"drive", "gated_input"}, "(1.0 - $0) * $1", {decay, x}, shape, around(2));
    } else if (scaled == 2) {
      i.comment("Keeps the variance of the state near that of the input.");
      drive = i.let({"drive", "normed_input"}, "jnp.sqrt(1.0 - $0**2) * $1", {decay, x}, shape,
                    around(2));
    }
    const Type whole_type = {i.real(), shape};
    const BodyId combine =
        i.function({"combine", "compose", "merge"},
                   {{{"a_left", "a1"}, whole_type, {0, 1}},
                    {{"b_left", "b1"}, whole_type, around(4)},
                    {{"a_right", "a2"}, whole_type, {0, 1}},
                    {{"b_right", "b2"}, whole_type, around(4)}},
                   [&](const Ids& p) {
                     const ValueId a = i.let({"a"}, i.either({"$0 * $1", "$1 * $0"}), {p[0], p[2]},
                                             shape, {0, 1});
                     const ValueId b = i.let({"b"}, i.either({"$0 * $1 + $2", "$2 + $0 * $1"}),
                                             {p[2], p[1], p[3]}, shape, around(4));
                     return Ids{a, b};
                   },
                   {2, 2});
    i.builder().restrict_changes(combine, Changes::kWhole);  // of slices of any length
    const bool backwards = i.chance(0.2);
    const Ids out =
        i.unpack(backwards ? "lax.associative_scan($f0, ($0, $1), reverse=True)"
                           : "lax.associative_scan($f0, ($0, $1))",
                 {decay, drive}, {combine},
                 {{{}, whole_type, {0, 1}}, {{"states", "hidden"}, whole_type, around(4)}});
    if (i.chance(0.5)) {
      const ValueId readout =
          i.input({"w_out", "readout", "c"}, {width, i.size()}, weights_for(width));
      dense(i, {"outputs", "ys"}, out[1], readout);
    } else if (i.chance(0.5)) {
      const ValueId gate = i.input({"gate_input", "branch", "z"}, shape, around(2));
      i.let({"outputs", "gated"}, i.either({"$0 * jax.nn.silu($1)", "$0 * jax.nn.gelu($1)"}),
            {out[1], gate}, shape, around(5));
    }
  });
}

// A state space whose step, input and output depend on the input (Gu and Dao 2023).
Op selective_state_space() {
  return idiom("selective_state_space", kLoop, 1.0, kSmooth, [](Idiom& i) {
    const std::int64_t steps = i.size(), width = std::min<std::int64_t>(i.size(), 8);
    const std::int64_t states = i.between(2, 5);
    const ValueId x = i.input({"x", "inputs", "tokens"}, {steps, width}, around(2));
    const ValueId log_a = i.input({"a_log", "log_a"}, {width, states}, around(1));
    const bool learned_step = i.chance(0.6);
    const ValueId to_step = i.input({"w_dt", "dt_kernel", "dt_bias"},
                                    learned_step ? Shape{width, width} : Shape{width}, around(0.6));
    const ValueId to_b = i.input({"w_b", "b_kernel"}, {width, states}, weights_for(width));
    const ValueId to_c = i.input({"w_c", "c_kernel"}, {width, states}, weights_for(width));
    i.called({"selective_scan", "selective_ssm", "input_dependent_ssm"});
    i.summary("Run a state space whose step and weights depend on the input.");
    const ValueId rates =
        i.let({"a", "rates"}, "-jnp.exp($0)", {log_a}, {width, states}, {-2.8, -0.3});
    const ValueId dt = i.let({"dt", "step_size"},
                             learned_step ? "jax.nn.softplus($0 @ $1)" : "jax.nn.softplus($0 + $1)",
                             {x, to_step}, {steps, width}, {0.1, 2});
    const ValueId b = dense(i, {"b", "input_weights"}, x, to_b);
    const ValueId c = dense(i, {"c", "output_weights"}, x, to_c);
    const ValueId start =
        i.let({"state", "h0"}, "jnp.zeros_like($0)", {rates}, {width, states}, around(4));
    const bool skip = i.chance(0.35);
    const auto out = i.scan(
        {"step", "advance", "selective_step"}, {{{"h", "state"}, start, around(5), {}}},
        {{{"x_t"}, x}, {{"dt_t"}, dt}, {{"b_t"}, b}, {{"c_t"}, c}}, {{"outputs", "ys"}},
        [&](const Ids& p) {
          const ValueId decay = i.let({"decay", "a_bar"}, "jnp.exp($0[:, None] * $1)",
                                      {p[2], rates}, {width, states}, {0, 1});
          const ValueId drive = i.let(
              {"drive", "write"}, i.either({"jnp.outer($0 * $1, $2)", "($0 * $1)[:, None] * $2"}),
              {p[2], p[1], p[3]}, {width, states}, around(4));
          const ValueId next = i.let({"h_next", "new"}, "$0 * $1 + $2", {decay, p[0], drive},
                                     {width, states}, around(5));
          const ValueId y = i.let({"y", "read"}, i.either({"$0 @ $1", "jnp.sum($0 * $1, axis=-1)"}),
                                  {next, p[4]}, {width}, around(8));
          return Ids{next, y};
        });
    if (skip)
      i.let({"gated", "out"}, i.either({"$0 + $1", "$0 * jax.nn.silu($1)"}), {out.stacked[0], x},
            i.shape(x), around(8));
  });
}

// Each token mixed with the one before by learned weights, then passed through a gate (Peng et al.
// 2023); the shift by padding, by concatenation or by a roll with the first row cleared.
Op token_shift() {
  return idiom("token_shift", kArray, 0.9, kSmooth, [](Idiom& i) {
    const ValueId x = i.anchor({"x", "tokens", "hidden"}, 2, 2, around(3));
    const std::int64_t width = i.dim(x, -1);
    const Shape shape = i.shape(x);
    i.called({"token_shift", "channel_mix", "mix_with_previous"});
    i.summary("Mix each token with the one before it.");
    const ValueId before = i.let(
        {"previous", "shifted", "before"},
        i.either({"jnp.pad($0, ((1, 0), (0, 0)))[:-1]",
                  "jnp.concatenate([jnp.zeros_like($0[:1]), $0[:-1]])",
                  "jnp.roll($0, 1, axis=0).at[0].set(0)", "jnp.pad($0[:-1], ((1, 0), (0, 0)))"}),
        {x}, shape, around(3));
    const ValueId mix = i.input({"mix", "mu", "interpolation"}, {width}, {0.1, 0.9});
    const ValueId mixed =
        i.let({"mixed", "blended"}, i.either({"$0 * $1 + (1.0 - $0) * $2", "$2 + $0 * ($1 - $2)"}),
              {mix, x, before}, shape, around(3));
    if (i.chance(0.7)) {
      const std::int64_t inner = i.size();
      const ValueId kernel =
          i.input({"w_key", "w_in", "kernel"}, {width, inner}, weights_for(width));
      const ValueId keyed =
          activation(i, {"activated", "k"}, dense(i, {"key", "pre"}, mixed, kernel));
      if (i.chance(0.6)) {
        const ValueId back = i.input({"w_value", "w_out"}, {inner, width}, weights_for(inner));
        const ValueId value = dense(i, {"value", "v"}, keyed, back, 4);
        if (i.chance(0.5))
          i.let({"out", "gated"}, "jax.nn.sigmoid($0) * $1", {mixed, value}, shape, around(4));
      }
    }
  });
}

// A causal filter along time (WaveNet, van den Oord et al. 2016): padded on the left, dilated, per
// channel or across channels, by jax.lax, by shifted sums or by jnp.convolve under vmap.
Op causal_convolution() {
  return idiom("causal_convolution", kArray, 1.0, kSmooth, [](Idiom& i) {
    const std::int64_t steps = i.size() + 3, channels = std::min<std::int64_t>(i.size(), 8);
    const std::int64_t taps = i.between(2, 4), dilation = i.between(1, 2);
    const std::int64_t form = i.between(0, 3);
    const std::int64_t outputs = form == 0 ? i.between(2, 6) : channels,
                       back = (taps - 1) * dilation;
    const ValueId x = i.input({"x", "signal", "sequence"}, {steps, channels}, around(2));
    const Shape of_kernel = form == 0 ? Shape{taps, channels, outputs} : Shape{taps, channels};
    const ValueId kernel = i.input({"kernel", "filters", "taps"}, of_kernel,
                                   weights_for(form == 0 ? taps * channels : taps));
    const Shape result = {steps, outputs};
    i.called({form == 0 ? "causal_conv" : "causal_depthwise_conv", "temporal_filter",
              dilation > 1 && form < 3 ? "dilated_causal_conv" : "filter_over_time"});
    i.summary("Filter a sequence so that no output sees what is yet to come.");
    ValueId out;
    if (form <= 1) {
      const std::string options = dilation > 1 ? fmt::format(", rhs_dilation=({},)", dilation) : "";
      const std::string groups = form == 1 ? ", feature_group_count=$0.shape[1]" : "";
      const ValueId filters = form == 1 ? i.let({"filters", "depthwise"}, "$0[:, None, :]",
                                                {kernel}, {taps, 1, channels}, around(1))
                                        : kernel;
      const ValueId batch =
          i.let({"conv_out", "filtered"},
                "lax.conv_general_dilated($0[None], $1, window_strides=(1,), padding=[(" +
                    std::to_string(back) + ", 0)]" + options +
                    ", dimension_numbers=(\"NWC\", \"WIO\", \"NWC\")" + groups + ")",
                {x, filters}, {1, steps, outputs}, around(4));
      out = i.let({"filtered", "conv"}, i.either({"$0[0]", "jnp.squeeze($0, 0)"}), {batch}, result,
                  around(4));
    } else if (form == 2) {
      const ValueId padded =
          i.let({"padded", "history"}, fmt::format("jnp.pad($0, (({}, 0), (0, 0)))", back), {x},
                {steps + back, channels}, around(2));
      std::string sum;
      for (std::int64_t t = 0; t < taps; ++t)
        sum += fmt::format("{}$1[{}] * $0[{}:{}]", t ? " + " : "", t,
                           t ? std::to_string(t * dilation) : "", t * dilation + steps);
      out = i.let({"filtered", "mixed"}, sum, {padded, kernel}, result, around(4));
    } else {
      const ValueId all =
          i.let({"full", "convolved"}, "jax.vmap(jnp.convolve, in_axes=1, out_axes=1)($0, $1)",
                {x, kernel}, {steps + taps - 1, channels}, around(4));
      out = i.let({"filtered", "causal"},
                  i.either({fmt::format("$0[:{}]", steps), "$0[: $1.shape[0]]"}), {all, x}, result,
                  around(4));
    }
    out = maybe_biased(i, out);
    if (outputs == channels && i.chance(0.35)) {
      const ValueId active = activation(i, {"activated"}, out);
      i.let({"residual", "updated"}, "$0 + $1", {x, active}, result, around(5));
    } else if (i.chance(0.5)) {
      activation(i, {"activated", "out"}, out);
    }
  });
}

}  // namespace

std::vector<Op> sequence_idioms() {
  return {recurrent_cell(),        gru(),         lstm(),
          skipping_cell(),         state_space(), parallel_recurrence(),
          selective_state_space(), token_shift(), causal_convolution()};
}

}  // namespace jaxsmith::plan
