// Gather and scatter: messages along edges, sparse products, compaction, histograms, merges,
// searches, tables of embeddings.
#include <fmt/format.h>

#include <algorithm>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;

// What nodes make of what they have received.
void update_nodes(Idiom& i, ValueId features, ValueId out) {
  const std::int64_t n = i.dim(features, 0), width = i.dim(features, 1);
  switch (i.between(0, 3)) {
    case 0:
      i.let({"updated", "hidden"}, i.either({"$0 + $1", "0.5 * ($0 + $1)"}), {features, out},
            {n, width}, {-6, 6});
      break;
    case 1: {
      const std::int64_t units = i.size();
      const ValueId kernel = i.input({"kernel", "w", "projection"}, {width, units}, {-1, 1});
      i.let({"updated", "hidden"},
            i.either({"jax.nn.relu($0 @ $1)", "jnp.tanh($0 @ $1)", "$0 @ $1"}), {out, kernel},
            {n, units}, {-6, 6});
      break;
    }
    default:
      break;
  }
}

// One round of a graph network on an edge list: plain, weighted, normalised by degree, attending.
Op message_passing() {
  return idiom("message_passing", kIndexing, 1.2, kSmooth, [](Idiom& i) {
    const std::int64_t n = i.between(3, 8), width = i.size(), edges = i.between(n + 2, 2 * n + 3);
    const Interval range{-2, 2}, node{0, static_cast<double>(n - 1)};
    const ValueId features = i.input({"features", "nodes", "hidden"}, {n, width}, range);
    const ValueId source = i.input({"senders", "src"}, counts(i, {edges}), node);
    const ValueId target = i.input({"receivers", "dst"}, counts(i, {edges}), node);
    i.called({"message_passing", "graph_layer", "aggregate_neighbors"});
    const bool keyword = i.chance(0.5), scatter = i.chance(0.3), relu = i.chance(0.3);
    const auto into_nodes = [&](ValueId of, const Words& names, Interval r) {
      Shape shape = i.shape(of);
      shape[0] = n;
      std::string dims;
      for (const auto s : shape) dims += fmt::format("{}, ", s);
      return i.let(names,
                   scatter ? fmt::format("jnp.zeros(({}), $0.dtype).at[$1].add($0)",
                                         shape.size() == 1 ? dims : dims.substr(0, dims.size() - 2))
                           : fmt::format("jax.ops.segment_sum($0, $1, {}{})",
                                         keyword ? "num_segments=" : "", n),
                   {of, target}, shape, r);
    };
    ValueId sent = i.let({"messages", "sent"}, i.either({"$0[$1]", "jnp.take($0, $1, axis=0)"}),
                         {features, source}, {edges, width}, range);
    ValueId out = kNoValue;
    switch (i.between(0, 3)) {
      case 0: {
        const ValueId weights = i.input({"edge_weights", "couplings"}, {edges}, {0.1, 1.5});
        i.summary("Sum weighted messages along the edges of a graph.");
        sent = i.let({"weighted"}, i.either({"$0 * $1[:, None]", "$1[:, None] * $0"}),
                     {sent, weights}, {edges, width}, {-3, 3});
        out = into_nodes(sent, {"received", "aggregated"}, {-6, 6});
        break;
      }
      case 1: {
        i.summary("Average the features of a node's neighbors.");
        out = into_nodes(sent, {"received", "totals"}, {-6, 6});
        const ValueId degree =
            i.let({"degree", "in_degree"},
                  i.either({fmt::format("jnp.bincount($0, length={})", n),
                            fmt::format("jnp.zeros({}, $0.dtype).at[$0].add(1)", n)}),
                  {target}, counts(i, {n}), {0, 5});
        out = i.let({"mean", "averaged"}, "$0 / jnp.maximum($1, 1)[:, None]", {out, degree},
                    {n, width}, range);
        break;
      }
      case 2: {
        i.summary("Mix neighbors by attention over the edges of a graph.");
        i.called({"graph_attention", "edge_softmax_layer"});
        const ValueId query = i.let({"query", "receiver_features"}, "$0[$1]", {features, target},
                                    {edges, width}, range);
        const ValueId score = i.let({"scores", "logits"},
                                    i.either({"jnp.tanh(jnp.sum($0 * $1, axis=-1))",
                                              "jnp.tanh(jnp.einsum(\"ef,ef->e\", $0, $1))"}),
                                    {query, sent}, {edges}, {-1, 1});
        const ValueId weight =
            i.let({"unnormalized", "exp_scores"}, "jnp.exp($0)", {score}, {edges}, {0.4, 2.7});
        const ValueId norm = into_nodes(weight, {"norm", "totals"}, {0.4, 8});
        const ValueId share = i.let({"attention", "shares"}, "$0 / $1[$2]", {weight, norm, target},
                                    {edges}, {0.1, 1});
        sent = i.let({"weighted", "attended"}, "$0[:, None] * $1", {share, sent}, {edges, width},
                     range);
        out = into_nodes(sent, {"received", "mixed"}, range);
        break;
      }
      default:
        i.summary("Sum messages along the edges of a graph.");
        if (relu)
          sent = i.let({"activated", "gated"},
                       i.either({"jax.nn.relu($0)", "jnp.tanh($0)", "jax.nn.gelu($0)"}), {sent},
                       {edges, width}, range);
        out = into_nodes(sent, {"received", "aggregated"}, {-6, 6});
    }
    update_nodes(i, features, out);
  });
}

// Products of a sparse matrix with a vector or a matrix, stored by coordinates or by rows; a
// residual by choice.
Op sparse_matvec() {
  return idiom("sparse_matvec", kIndexing, 1.0, kSmooth, [](Idiom& i) {
    const std::int64_t rows = i.between(3, 7), cols = i.between(3, 7), entries = i.between(7, 14);
    const Interval range{-2, 2};
    const bool by_rows = i.chance(0.5), wide = i.chance(0.3);
    const ValueId data = i.input({"data", "values", "entries"}, {entries}, range);
    const ValueId col = i.input({"cols", "col_indices", "indices"}, counts(i, {entries}),
                                {0, static_cast<double>(cols - 1)});
    const Shape of_x = wide ? Shape{cols, i.size()} : Shape{cols};
    const ValueId x = i.input(wide ? Words{"dense", "matrix"} : Words{"x", "vector"}, of_x, range);
    i.called({by_rows ? "csr_matvec" : "coo_matvec", "sparse_product", "spmv"});
    i.summary(by_rows ? "Multiply a sparse matrix that is stored by rows."
                      : "Multiply a sparse matrix that is stored by coordinates.");
    ValueId row = kNoValue;
    if (by_rows) {
      const ValueId lengths =
          i.input({"row_lengths", "row_counts", "nnz_per_row"}, counts(i, {rows}), {1, 4});
      if (i.chance(0.5)) {
        row = i.let(
            {"rows", "row_ids"},
            fmt::format("jnp.repeat(jnp.arange({}), $0, total_repeat_length={})", rows, entries),
            {lengths}, counts(i, {entries}), {0, static_cast<double>(rows - 1)});
      } else {
        const ValueId ends = i.let({"indptr", "row_ends"}, "jnp.cumsum($0)", {lengths},
                                   counts(i, {rows}), {1, static_cast<double>(entries)});
        row = i.let({"rows", "row_ids"},
                    fmt::format("jnp.searchsorted($0, jnp.arange({}), side=\"right\").astype(int)",
                                entries),
                    {ends}, counts(i, {entries}), {0, static_cast<double>(rows)});
      }
    } else {
      row = i.input({"rows", "row_indices"}, counts(i, {entries}),
                    {0, static_cast<double>(rows - 1)});
    }
    const ValueId picked =
        i.let({"picked", "gathered"}, i.either({"$0[$1]", "jnp.take($0, $1, axis=0)"}), {x, col},
              wide ? Shape{entries, of_x[1]} : Shape{entries}, range);
    const ValueId terms = i.let({"terms", "products"}, wide ? "$0[:, None] * $1" : "$0 * $1",
                                {data, picked}, i.shape(picked), {-4, 4});
    const Shape shape = wide ? Shape{rows, of_x[1]} : Shape{rows};
    const std::string zeros =
        wide ? fmt::format("({}, {})", rows, of_x[1]) : fmt::format("{}", rows);
    const ValueId y = i.let(
        {"product", "y"},
        i.either({fmt::format("jax.ops.segment_sum($0, $1, num_segments={})", rows),
                  fmt::format("jax.ops.segment_sum($0, $1, {})", rows),
                  fmt::format("jnp.zeros({}, $0.dtype).at[$1].add($0, mode=\"drop\")", zeros)}),
        {terms, row}, shape, {-8, 8});
    if (!wide && i.chance(0.4)) {
      const ValueId b = i.input({"target", "rhs", "b"}, shape, {-4, 4});
      i.summary("Compute the residual of a sparse linear system.");
      i.let({"residual", "defect"}, i.either({"$0 - $1", "jnp.subtract($0, $1)"}), {b, y}, shape,
            {-12, 12});
    }
  });
}

// What passes a test moved to the front: places by a prefix sum and a scatter, by a stable sort, by
// nonzero with a size.
Op stream_compaction() {
  return idiom("stream_compaction", kIndexing, 1.0, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = std::max<std::int64_t>(6, i.size());
    const Interval range{-3, 3};
    const ValueId x = i.input({"values", "samples", "stream"}, {n}, range);
    i.called({"compact", "stream_compaction", "keep_selected"});
    i.summary("Move the elements that pass a test to the front.");
    ValueId keep = kNoValue;
    switch (i.between(0, 2)) {
      case 0:
        keep = i.input({"keep", "mask", "alive"}, flags({n}), {0, 1});
        break;
      case 1:
        i.summary("Gather the positive elements at the front.");
        keep = i.let({"keep", "positive"}, i.either({"$0 > 0", "$0 >= 0.0", "jnp.greater($0, 0)"}),
                     {x}, flags({n}), {0, 1});
        break;
      default:
        i.summary("Gather the elements above the mean at the front.");
        keep = i.let({"keep", "above"}, i.either({"$0 > jnp.mean($0)", "$0 > $0.mean()"}), {x},
                     flags({n}), {0, 1});
    }
    const double top = static_cast<double>(n);
    const Type at = counts(i, {n});
    ValueId packed = kNoValue;
    switch (i.between(0, 2)) {
      case 0: {
        const ValueId place =
            i.let({"place", "slots"}, i.either({"jnp.cumsum($0) - 1", "$0.cumsum() - 1"}), {keep},
                  at, {0, top});
        i.comment("What fails the test is sent out of bounds and dropped.");
        const ValueId target =
            i.let({"target", "destination"}, fmt::format("jnp.where($0, $1, {})", n), {keep, place},
                  at, {0, top});
        packed = i.let({"packed", "compacted"}, "jnp.zeros_like($0).at[$1].set($0, mode=\"drop\")",
                       {x, target}, {n}, range);
        break;
      }
      case 1: {
        const ValueId order = i.let({"order", "front_first"},
                                    i.either({"jnp.argsort(~$0, stable=True)",
                                              "jnp.argsort(jnp.logical_not($0), stable=True)"}),
                                    {keep}, at, {0, top});
        packed = i.let({"packed", "partitioned"}, i.either({"$0[$1]", "jnp.take($0, $1)"}),
                       {x, order}, {n}, range);
        break;
      }
      default: {
        const std::string fill = i.either({fmt::format("{}", n), "-1"});
        const bool padded = fill != "-1";
        const ValueId where =
            i.let({"where", "indices"},
                  i.either({fmt::format("jnp.nonzero($0, size={}, fill_value={})[0]", n, fill),
                            fmt::format("jnp.flatnonzero($0, size={}, fill_value={})", n, fill)}),
                  {keep}, at, {-1, top});
        packed = i.let({"packed", "selected"},
                       padded ? "$0.at[$1].get(mode=\"fill\", fill_value=0)"
                              : "jnp.where($1 >= 0, $0[$1], 0.0)",
                       {x, where}, {n}, range);
      }
    }
    i.keep(packed);
    if (i.chance(0.5))
      i.let({"count", "kept"}, i.either({"jnp.sum($0)", "$0.sum()", "jnp.count_nonzero($0)"}),
            {keep}, counts(i, {}), {0, top});
  });
}

// The bin of each sample from [0, 1]: by edges or by rounding.
ValueId bin_of(Idiom& i, ValueId x, std::int64_t bins, bool edges) {
  const std::int64_t n = i.dim(x, 0);
  const Interval bin_range{0, static_cast<double>(bins - 1)};
  if (edges) {
    const ValueId inner = i.let(
        {"edges", "cuts"},
        fmt::format(fmt::runtime(i.either({"jnp.arange(1, {0}, dtype=$0.dtype) / {0}",
                                           "jnp.linspace(0, 1, {0} + 1, dtype=$0.dtype)[1:-1]"})),
                    bins),
        {x}, {bins - 1}, {0.1, 0.9});
    return i.let(
        {"bins", "bin_index"},
        i.either({"jnp.searchsorted($0, $1).astype(int)", "jnp.digitize($1, $0).astype(int)",
                  "jnp.sum($1[:, None] > $0, axis=1)"}),
        {inner, x}, counts(i, {n}), bin_range);
  }
  return i.let(
      {"bins", "bin_index"},
      i.either({fmt::format("jnp.minimum(($0 * {}).astype(int), {})", bins, bins - 1),
                fmt::format("jnp.clip(jnp.floor({} * $0).astype(int), 0, {})", bins, bins - 1)}),
      {x}, counts(i, {n}), bin_range);
}

// Counts by bin, and what the samples of each are on average.
void average_by_bin(Idiom& i, ValueId x, ValueId bin, ValueId total) {
  const std::int64_t bins = i.dim(total, 0);
  i.called({"binned_means", "bin_averages", "profile_by_bin"});
  i.summary("Count samples by bin, and average those of each.");
  i.keep(total);
  const ValueId sums =
      i.let({"sums", "bin_sums"},
            i.either({fmt::format("jax.ops.segment_sum($0, $1, num_segments={})", bins),
                      fmt::format("jnp.zeros({}, $0.dtype).at[$1].add($0)", bins),
                      fmt::format("jnp.bincount($1, weights=$0, length={})", bins)}),
            {x, bin}, {bins}, {0, 5});
  i.comment("Empty bins have the mean zero.");
  i.let({"means", "bin_means"}, "$0 / jnp.maximum($1, 1)", {sums, total}, {bins}, {0, 1});
}

// Counts or sums by bin: bins by rounding or by edges, counts by scatter, bincount, one-hot or
// segment sums; means, densities and cumulative shares.
Op binned_counts() {
  return idiom("binned_counts", kIndexing, 1.0, kZero, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = std::max<std::int64_t>(6, i.size()), bins = i.between(3, 6);
    const ValueId x = i.input({"samples", "values", "x"}, {n}, {0, 1});
    const bool edges = i.chance(0.4), weighted = i.chance(0.35);
    i.called({"histogram", "bin_counts", "binned_totals"});
    i.summary(weighted ? "Sum weights by bin." : "Count samples by bin.");
    const ValueId bin = bin_of(i, x, bins, edges);
    const double top = static_cast<double>(n);
    ValueId total = kNoValue;
    if (weighted) {
      const ValueId w = i.input({"weights", "charges", "mass"}, {n}, {0.1, 2});
      total = i.let({"totals", "mass_by_bin"},
                    i.either({fmt::format("jnp.zeros({}, $1.dtype).at[$0].add($1)", bins),
                              fmt::format("jax.ops.segment_sum($1, $0, num_segments={})", bins),
                              fmt::format("$1 @ jax.nn.one_hot($0, {}, dtype=$1.dtype)", bins),
                              fmt::format("jnp.bincount($0, weights=$1, length={})", bins)}),
                    {bin, w}, {bins}, {0, 8});
    } else {
      const bool real = i.chance(0.5);
      total = i.let(
          {"counts", "histogram"},
          real ? fmt::format("jax.nn.one_hot($0, {}, dtype=$1.dtype).sum(axis=0)", bins)
               : i.either({fmt::format("jnp.zeros({}, int).at[$0].add(1)", bins),
                           fmt::format("jnp.bincount($0, length={})", bins),
                           fmt::format("jnp.sum($0[:, None] == jnp.arange({}), axis=0)", bins)}),
          real ? Ids{bin, x} : Ids{bin}, real ? Type{i.real(), {bins}} : counts(i, {bins}),
          {0, top});
      if (!real) {
        average_by_bin(i, x, bin, total);
        return;
      }
    }
    const ValueId share =
        i.let({"share", "density"}, i.either({"$0 / jnp.sum($0)", "$0 / $0.sum()"}), {total},
              {bins}, {0, 1});
    switch (i.between(0, 2)) {
      case 0:
        i.summary("Estimate the entropy of binned samples.");
        i.let({"entropy", "uncertainty"},
              i.either({"-jnp.sum(jnp.where($0 > 0, $0 * jnp.log($0 + 1e-12), 0.0))",
                        "jnp.sum(jax.scipy.special.entr($0))"}),
              {share}, Shape{}, {0.2, 1.8});
        break;
      case 1:
        i.called({"empirical_cdf", "cumulative_histogram"});
        i.summary(weighted ? "Give the share of weight up to the end of each bin."
                           : "Give the share of samples up to the end of each bin.");
        i.let({"cdf", "cumulative"}, i.either({"jnp.cumsum($0)", "$0.cumsum()"}), {share}, {bins},
              {0, 1});
        break;
      default:
        break;
    }
  });
}

// Runs of equal tokens: where they begin, what number each element's run has, how long runs are.
Op run_lengths() {
  return idiom("run_lengths", kIndexing, 1.0, kZero, [](Idiom& i) {
    const std::int64_t n = std::max<std::int64_t>(8, i.size());
    const double top = static_cast<double>(n);
    const Type at = counts(i, {n});
    const ValueId x = i.input({"tokens", "symbols", "states"}, at, {0, i.number({2, 3})});
    i.called({"run_lengths", "run_length_encode", "count_runs"});
    i.summary("Find the runs of equal tokens and how long they are.");
    const ValueId change =
        i.let({"changes", "breaks"}, i.either({"$0[1:] != $0[:-1]", "jnp.diff($0) != 0"}), {x},
              flags({n - 1}), {0, 1});
    const ValueId starts =
        i.let({"starts", "first"},
              i.either({"jnp.concatenate([jnp.ones(1, bool), $0])", "jnp.insert($0, 0, True)",
                        "jnp.pad($0, (1, 0), constant_values=True)"}),
              {change}, flags({n}), {0, 1});
    const ValueId run =
        i.let({"run_ids", "run"}, i.either({"jnp.cumsum($0) - 1", "$0.cumsum() - 1"}), {starts}, at,
              {0, top});
    switch (i.between(0, 3)) {
      case 0: {
        const ValueId lengths =
            i.let({"lengths", "run_sizes"},
                  i.either({fmt::format("jnp.bincount($0, length={})", n),
                            fmt::format("jnp.zeros({}, int).at[$0].add(1)", n),
                            fmt::format("jax.ops.segment_sum(jnp.ones({}, int), $0, {})", n, n)}),
                  {run}, at, {0, top});
        if (i.chance(0.5)) {
          const ValueId values = i.let({"values", "run_values"},
                                       "jnp.zeros_like($0).at[$1].set($0)", {x, run}, at, {0, 3});
          i.let({"longest_token", "dominant"}, "$0[jnp.argmax($1)]", {values, lengths},
                counts(i, {}), {0, 3});
        } else {
          i.let({"longest", "peak"}, i.either({"jnp.max($0)", "$0.max()"}), {lengths},
                counts(i, {}), {1, top});
        }
        // Longer runs have more of the tokens.
        i.let({"typical", "mean_length"}, i.either({"jnp.mean($0[$1])", "$0[$1].mean()"}),
              {lengths, run}, Type{i.builder().default_real(), {}}, {1, top});
        break;
      }
      case 1: {
        i.summary("Number runs of tokens, and measure the longest by places within runs.");
        const ValueId index =
            i.let({"index", "positions"}, fmt::format("jnp.arange({})", n), {}, at, {0, top});
        const ValueId begin = i.let({"begin", "run_start"}, "lax.cummax(jnp.where($0, $1, 0))",
                                    {starts, index}, at, {0, top});
        const ValueId place = i.let({"place", "within"}, "$0 - $1", {index, begin}, at, {0, top});
        i.let({"longest", "longest_run"}, i.either({"jnp.max($0) + 1", "$0.max() + 1"}), {place},
              counts(i, {}), {1, top});
        break;
      }
      case 2: {
        const ValueId amount = i.input({"amounts", "durations", "values"}, {n}, {0.1, 3});
        i.called({"run_totals", "totals_by_run", "sum_runs"});
        i.summary("Add up amounts over runs of equal tokens.");
        const ValueId sums =
            i.let({"totals", "run_totals"},
                  i.either({fmt::format("jax.ops.segment_sum($0, $1, num_segments={})", n),
                            fmt::format("jnp.zeros({}, $0.dtype).at[$1].add($0)", n)}),
                  {amount, run}, {n}, {0, 9});
        if (i.chance(0.6)) i.let({"shared", "spread_back"}, "$0[$1]", {sums, run}, {n}, {0, 9});
        break;
      }
      default: {
        i.summary("Keep the tokens that differ from the one before.");
        i.called({"drop_repeats", "collapse_runs", "unique_consecutive"});
        i.let({"collapsed", "tokens_out"}, fmt::format("jnp.full({}, -1).at[$1].set($0)", n),
              {x, run}, at, {-1, 3});
      }
    }
  });
}

// Two streams of events merged without a sort: each has its own place plus its rank in the other.
Op merge_sorted() {
  return idiom("merge_sorted", kIndexing, 1.0, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = std::max<std::int64_t>(3, i.size()),
                       m = std::max<std::int64_t>(3, i.size());
    const Interval values{0, 9};
    const double top = static_cast<double>(n + m);
    const auto sorted = [&](const Words& names, std::int64_t count, const Words& result) {
      const ValueId gaps = i.input(names, {count}, {0.1, 1});
      return i.let(result, i.either({"jnp.cumsum($0)", "$0.cumsum()"}), {gaps}, {count}, values);
    };
    i.called({"merge_sorted", "merge_ranked", "merge_by_rank"});
    i.summary("Merge the times of two streams of events by their ranks.");
    const ValueId a = sorted({"gaps", "waits"}, n, {"times", "arrivals"});
    const ValueId b = sorted({"other_gaps", "other_waits"}, m, {"other_times", "other_arrivals"});
    const ValueId at_a =
        i.let({"left_place", "a_place"},
              fmt::format("jnp.arange({}) + jnp.searchsorted($0, $1, side=\"left\")", n), {b, a},
              counts(i, {n}), {0, top});
    const ValueId at_b =
        i.let({"right_place", "b_place"},
              fmt::format("jnp.arange({}) + jnp.searchsorted($0, $1, side=\"right\")", m), {a, b},
              counts(i, {m}), {0, top});
    const ValueId empty = i.let({"buffer", "merged"}, fmt::format("jnp.zeros({}, $0.dtype)", n + m),
                                {a}, {n + m}, values);
    const ValueId out = i.let({"merged", "joined"}, "$0.at[$1].set($2).at[$3].set($4)",
                              {empty, at_a, a, at_b, b}, {n + m}, values);
    if (i.chance(0.35)) {
      i.summary("Merge two streams of events and measure the gaps between them.");
      i.let({"spacing", "intervals"}, "jnp.diff($0)", {out}, {n + m - 1}, {0, 2});
    } else if (i.chance(0.3)) {
      i.let({"from_left", "origin"}, fmt::format("jnp.zeros({}, bool).at[$0].set(True)", n + m),
            {at_a}, flags({n + m}), {0, 1});
    }
  });
}

// Rows of a table by hashed or clipped identifiers, pooled over a bag, with weights or a mask.
Op embedding_bag() {
  return idiom("embedding_bag", kIndexing, 1.0, kSmooth, [](Idiom& i) {
    const std::int64_t rows = i.between(4, 10), width = i.size(),
                       bags = std::max<std::int64_t>(2, i.size()), bag = i.between(2, 5);
    const Interval range{-2, 2};
    const bool hashed = i.chance(0.5), two = hashed && i.chance(0.35);
    const ValueId table = i.input({"table", "embeddings", "codebook"}, {rows, width}, range);
    const ValueId ids = i.input({"ids", "tokens", "features"}, counts(i, {bags, bag}),
                                {0, hashed ? 5000.0 : static_cast<double>(rows - 1)});
    i.called({"embedding_bag", "pool_embeddings", "lookup_bag"});
    i.summary("Look up rows of a table for every bag of ids and pool them.");
    const Shape looked = {bags, bag, width};
    const auto lookup = [&](ValueId at) {
      return i.let({"vectors", "looked_up"},
                   i.either({"$0[$1]", "jnp.take($0, $1, axis=0)", "$0.at[$1].get(mode=\"clip\")"}),
                   {table, at}, looked, range);
    };
    const auto bucket = [&](std::int64_t factor) {
      return i.let({"buckets", "slots"},
                   factor == 1 ? fmt::format("$0 % {}", rows)
                               : fmt::format("($0 * {} + {}) % {}", factor, factor / 3, rows),
                   {ids}, counts(i, {bags, bag}), {0, static_cast<double>(rows - 1)});
    };
    ValueId vectors = kNoValue;
    if (hashed) {
      i.summary("Look up hashed ids in a small table and pool the rows.");
      vectors = lookup(bucket(i.random().pick(std::vector<std::int64_t>{1, 1, 31, 131, 7919})));
    } else {
      vectors = lookup(ids);
    }
    if (two) {
      i.comment("A second hash keeps ids apart that share a bucket.");
      const ValueId second =
          lookup(bucket(i.random().pick(std::vector<std::int64_t>{17, 257, 6007})));
      vectors = i.let({"vectors", "combined"}, i.either({"$0 + $1", "0.5 * ($0 + $1)"}),
                      {vectors, second}, looked, {-4, 4});
    }
    const Shape pooled = {bags, width};
    switch (i.between(0, 3)) {
      case 0:
        i.let({"pooled", "bag_vectors"},
              i.either({"$0.mean(axis=1)", "jnp.mean($0, axis=1)", "$0.sum(axis=1)"}), {vectors},
              pooled, {-6, 6});
        break;
      case 1: {
        const ValueId weights = i.input({"weights", "counts", "importance"}, {bags, bag}, {0.1, 2});
        i.let(
            {"pooled", "bag_vectors"},
            i.either({"jnp.einsum(\"bk,bkd->bd\", $0, $1)", "jnp.sum($0[..., None] * $1, axis=1)"}),
            {weights, vectors}, pooled, {-9, 9});
        break;
      }
      case 2: {
        const ValueId mask = i.input({"valid", "mask", "present"}, flags({bags, bag}), {0, 1});
        const ValueId kept = i.let({"kept", "masked"}, "jnp.where($0[..., None], $1, 0.0)",
                                   {mask, vectors}, looked, range);
        const ValueId count = i.let({"counts", "sizes"}, "jnp.sum($0, axis=1, keepdims=True)",
                                    {mask}, counts(i, {bags, 1}), {0, static_cast<double>(bag)});
        i.let({"pooled", "bag_means"}, "jnp.sum($0, axis=1) / jnp.maximum($1, 1)", {kept, count},
              pooled, range);
        break;
      }
      default:
        i.let({"pooled", "strongest"}, i.either({"$0.max(axis=1)", "jnp.max($0, axis=1)"}),
              {vectors}, pooled, range);
    }
  });
}

// Rows ordered by one key and then another: lexsort or two sorts, the second stable; ranks, the
// inverse order, the first row of every group.
Op lexical_order() {
  return idiom("lexical_order", kIndexing, 1.0, kNone, [](Idiom& i) {
    const std::int64_t n = std::max<std::int64_t>(5, i.size()), groups = i.between(3, 5);
    const double top = static_cast<double>(n);
    if (half_precision(i)) return i.fail();  // scores would tie
    i.called({"sort_within_groups", "lexical_order", "order_by_group"});
    i.summary("Order rows by group, and by score within a group.");
    const ValueId group = i.input({"groups", "buckets", "labels"}, counts(i, {n}),
                                  {0, static_cast<double>(groups - 1)});
    const ValueId score = i.input({"scores", "priority", "values"}, {n}, {-3, 3});
    const bool falling = i.chance(0.4);
    ValueId order = kNoValue;
    const Type at = counts(i, {n});
    if (i.chance(0.5)) {
      order = i.let({"order", "permutation"},
                    falling ? "jnp.lexsort((-$1, $0))" : "jnp.lexsort(($1, $0))", {group, score},
                    at, {0, top});
    } else {
      i.comment("The second sort must keep the order of the first.");
      const ValueId first =
          i.let({"by_score", "inner"},
                falling ? i.either({"jnp.argsort(-$0)", "jnp.argsort($0, descending=True)"})
                        : "jnp.argsort($0)",
                {score}, at, {0, top});
      const ValueId second = i.let({"by_group", "outer"}, "jnp.argsort($0[$1], stable=True)",
                                   {group, first}, at, {0, top});
      order = i.let({"order", "permutation"}, "$0[$1]", {first, second}, at, {0, top});
    }
    const ValueId ordered =
        i.let({"ordered", "sorted_scores"}, i.either({"$0[$1]", "jnp.take($0, $1)"}),
              {score, order}, {n}, {-3, 3});
    switch (i.between(0, 3)) {
      case 0: {
        i.summary("Rank rows within their groups.");
        const ValueId keys =
            i.let({"keys", "sorted_groups"}, "$0[$1]", {group, order}, at, {0, top});
        const ValueId first = i.let({"first", "start"}, "jnp.searchsorted($0, $0).astype($0.dtype)",
                                    {keys}, at, {0, top});
        const ValueId within =
            i.let({"within", "place"}, "jnp.arange($0.shape[0]) - $0", {first}, at, {0, top});
        i.let({"rank", "ranks"}, "jnp.zeros_like($0).at[$1].set($0)", {within, order}, at,
              {0, top});
        break;
      }
      case 1:
        i.let(
            {"ranks", "inverse"},
            i.either({"jnp.argsort($0)", "jnp.zeros_like($0).at[$0].set(jnp.arange($0.shape[0]))"}),
            {order}, at, {0, top});
        break;
      case 2: {
        i.summary(falling ? "Mark the largest score of every group in the order of groups."
                          : "Mark the smallest score of every group in the order of groups.");
        const ValueId keys =
            i.let({"keys", "sorted_groups"}, "$0[$1]", {group, order}, at, {0, top});
        const ValueId first =
            i.let({"leads", "is_first"}, "jnp.concatenate([jnp.ones(1, bool), $0[1:] != $0[:-1]])",
                  {keys}, flags({n}), {0, 1});
        i.let({"best", "leaders"}, "jnp.where($0, $1, 0.0)", {first, ordered}, {n}, {-3, 3});
        break;
      }
      default:
        i.let({"sorted_groups", "keys"}, "$0[$1]", {group, order}, at, {0, top});
    }
  });
}

// The row that each of `total` elements belongs to; where marks begin the rows their number grows.
ValueId row_owners(Idiom& i, std::int64_t total, std::int64_t& rows) {
  const double top = static_cast<double>(total);
  const Type ids = counts(i, {total});
  ValueId owner = kNoValue;
  switch (i.between(0, 2)) {
    case 0: {
      const ValueId lengths =
          i.input({"lengths", "row_lengths", "sizes"}, counts(i, {rows}), {1, 3});
      owner =
          i.let({"row_ids", "owner"},
                fmt::format("jnp.repeat(jnp.arange({}), $0, total_repeat_length={})", rows, total),
                {lengths}, ids, {0, static_cast<double>(rows - 1)});
      break;
    }
    case 1: {
      const ValueId lengths =
          i.input({"lengths", "row_lengths", "sizes"}, counts(i, {rows}), {1, 3});
      const ValueId ends = i.let({"ends", "splits"}, i.either({"jnp.cumsum($0)", "$0.cumsum()"}),
                                 {lengths}, counts(i, {rows}), {1, top});
      owner = i.let({"row_ids", "owner"},
                    fmt::format("jnp.minimum(jnp.searchsorted($0, jnp.arange({}), side=\"right\"), "
                                "{}).astype($0.dtype)",
                                total, rows - 1),
                    {ends}, ids, {0, static_cast<double>(rows - 1)});
      break;
    }
    default: {
      i.summary("Work on the rows that marks cut a flat array into.");
      const ValueId marks = i.input({"starts", "boundaries", "marks"}, flags({total}), {0, 1});
      i.comment("Every mark begins a row.");
      owner = i.let({"row_ids", "owner"}, i.either({"jnp.cumsum($0)", "$0.cumsum()"}), {marks}, ids,
                    {0, top});
      rows = total + 1;
    }
  }
  return owner;
}

// Rows of different lengths in one flat array: row numbers from lengths, and a reduction over each.
Op ragged_rows() {
  return idiom("ragged_rows", kIndexing, 1.0, kSmooth, [](Idiom& i) {
    std::int64_t rows = i.between(3, 5);
    const std::int64_t total = std::max<std::int64_t>(rows * 2, i.size());
    const bool wide = i.chance(0.35);
    const Shape flat = wide ? Shape{total, i.size()} : Shape{total};
    const Interval range{-3, 3};
    i.called({"ragged_reduce", "segment_pool", "reduce_rows"});
    const ValueId values = i.input({"values", "flat", "tokens"}, flat, range);
    const ValueId owner = row_owners(i, total, rows);
    Shape reduced = flat;
    reduced[0] = rows;
    const std::string count = fmt::format("{}", rows);
    const auto segment = [&](const std::string& how, const Words& names, ValueId of, Interval r) {
      Shape s = i.shape(of);
      s[0] = rows;
      return i.let(names,
                   fmt::format("jax.ops.segment_{}($0, $1, {})", how,
                               i.chance(0.5) ? count : "num_segments=" + count),
                   {of, owner}, s, r);
    };
    switch (i.between(0, 3)) {
      case 0:
        i.summary("Add up the rows of a ragged array that is stored flat.");
        segment("sum", {"totals", "row_sums"}, values, {-8, 8});
        break;
      case 1: {
        i.summary("Take the mean of every row of a ragged array.");
        const ValueId sums = segment("sum", {"totals", "row_sums"}, values, {-8, 8});
        const ValueId sizes =
            i.let({"sizes", "row_counts"}, "jnp.bincount($0, length=" + count + ")", {owner},
                  counts(i, {rows}), {0, 6});
        i.let({"means", "averages"},
              wide ? "$0 / jnp.maximum($1, 1)[:, None]" : "$0 / jnp.maximum($1, 1)", {sums, sizes},
              reduced, range);
        break;
      }
      case 2: {
        if (wide) return i.fail();
        i.summary("Take a softmax within every row of a ragged array.");
        i.called({"ragged_softmax", "segment_softmax"});
        const ValueId weight =
            i.let({"unnormalized", "exps"}, "jnp.exp($0)", {values}, flat, {0, 20});
        const ValueId norm = segment("sum", {"norm", "totals"}, weight, {0, 60});
        i.let({"weights", "probs"}, "$0 / $1[$2]", {weight, norm, owner}, flat, {0, 1});
        break;
      }
      default: {
        i.called({"center_rows", "ragged_center", "subtract_row_means"});
        i.summary("Center the rows of a ragged array.");
        const ValueId sums = segment("sum", {"totals", "row_sums"}, values, {-8, 8});
        const ValueId ones = i.let({"ones"}, fmt::format("jnp.ones({}, $0.dtype)", total), {values},
                                   {total}, {0.5, 1.5});
        const ValueId sizes = segment("sum", {"sizes", "row_counts"}, ones, {1, 6});
        i.let({"centered", "shifted"},
              wide ? "$0 - ($1 / jnp.maximum($2, 1)[:, None])[$3]"
                   : "$0 - ($1 / jnp.maximum($2, 1.0))[$3]",
              {values, sums, sizes, owner}, flat, range);
      }
    }
  });
}

}  // namespace

std::vector<Op> scatter_idioms() {
  return {message_passing(), sparse_matvec(), stream_compaction(), binned_counts(), run_lengths(),
          merge_sorted(),    embedding_bag(), lexical_order(),     ragged_rows()};
}

}  // namespace jaxsmith::plan
