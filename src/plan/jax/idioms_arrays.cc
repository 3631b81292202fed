// Arrangements of arrays: windows, blocks, structured matrices, packings, ragged rows.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;

// What is taken of each window.
void reduce_windows(Idiom& i, ValueId frames) {
  const std::int64_t width = i.dim(frames, 1);
  const bool columns = i.rank(frames) == 3;
  const Shape reduced = i.without_axis(frames, 1);
  switch (i.between(0, 4)) {
    case 0:
      i.summary("Smooth a series by a moving average.");
      i.let({"smoothed", "moving_mean"}, i.either({"$0.mean(axis=1)", "jnp.mean($0, axis=1)"}),
            {frames}, reduced, {-2, 2});
      break;
    case 1:
      i.summary("Take the largest value of every window.");
      i.let({"peaks", "rolling_max"}, i.either({"$0.max(axis=1)", "jnp.max($0, axis=1)"}), {frames},
            reduced, {-2, 3});
      break;
    case 2: {
      const ValueId taps = i.input({"taps", "kernel", "weights"}, {width}, {-1, 1});
      i.summary("Filter a series with a short kernel.");
      i.let({"filtered", "convolved"},
            columns ? i.either({"jnp.einsum(\"twc,w->tc\", $0, $1)",
                                "jnp.tensordot($0, $1, axes=[1, 0])"})
                    : i.either({"$0 @ $1", "jnp.dot($0, $1)", "jnp.einsum(\"tw,w->t\", $0, $1)"}),
            {frames, taps}, reduced, {-6, 6});
      break;
    }
    case 3: {
      i.summary("Measure how much a series moves within each window.");
      i.let({"spread", "amplitude"},
            i.either({"$0.max(axis=1) - $0.min(axis=1)", "jnp.ptp($0, axis=1)"}), {frames}, reduced,
            {0, 6});
      break;
    }
    default:
      break;
  }
}

// Windows of a series by an index table, by dynamic slices or by stacked shifts, and what is taken
// of each.
Op sliding_windows() {
  return idiom("sliding_windows", kArray, 1.0, kSmooth, [](Idiom& i) {
    const bool columns = i.chance(0.4);
    const std::int64_t length = std::max<std::int64_t>(6, i.size());
    const Shape all = columns ? Shape{length, i.size()} : Shape{length};
    const ValueId x = i.input({"series", "signal", "samples", "x"}, all, {-3, 3});
    const std::int64_t width = i.between(2, 4), stride = i.chance(0.6) ? 1 : 2;
    const std::int64_t count = (length - width) / stride + 1;
    Shape framed = {count, width};
    if (columns) framed.push_back(all[1]);
    i.called({"sliding_windows", "frame_signal", "rolling_windows"});
    i.summary(fmt::format("Cut a series into windows of {} samples.", width));
    ValueId frames = kNoValue;
    switch (i.between(0, 3)) {
      case 0: {
        const ValueId starts =
            i.let({"starts", "first"},
                  stride == 1 ? fmt::format("jnp.arange({})", count)
                              : fmt::format("{} * jnp.arange({})", stride, count),
                  {}, counts(i, {count}), {0, static_cast<double>(length)});
        const ValueId index =
            i.let({"index", "positions"}, fmt::format("$0[:, None] + jnp.arange({})", width),
                  {starts}, counts(i, {count, width}), {0, static_cast<double>(length)});
        frames = i.let({"frames", "windows"}, i.either({"$0[$1]", "jnp.take($0, $1, axis=0)"}),
                       {x, index}, framed, {-3, 3});
        break;
      }
      case 1: {
        const BodyId cut = i.function(
            {"window_at", "cut", "frame_at"},
            {{{"start", "t"}, counts(i, {}), {0, static_cast<double>(length)}}}, [&](const Ids& p) {
              Shape one(framed.begin() + 1, framed.end());
              return Ids{i.let({"window"},
                               fmt::format("lax.dynamic_slice_in_dim($0, $1, {})", width),
                               {x, p[0]}, one, {-3, 3})};
            });
        const std::string range =
            stride == 1 ? fmt::format("jnp.arange({})", count)
                        : fmt::format("jnp.arange(0, {}, {})", (count - 1) * stride + 1, stride);
        frames = i.let({"frames", "windows"}, "jax.vmap($f0)(" + range + ")", {},
                       std::vector<BodyId>{cut}, Type{i.real(), framed}, {-3, 3});
        break;
      }
      default: {
        std::string parts;
        for (std::int64_t k = 0; k < width; ++k) {
          const std::int64_t end = k + (count - 1) * stride + 1;
          parts += fmt::format("{}$0[{}:{}{}]", k ? ", " : "", k, end,
                               stride == 1 ? "" : fmt::format(":{}", stride));
        }
        frames = i.let({"frames", "windows"}, "jnp.stack([" + parts + "], axis=1)", {x}, framed,
                       {-3, 3});
      }
    }
    reduce_windows(i, frames);
  });
}

// Every block of a grid as one value, and what the blocks leave over.
void pool_blocks(Idiom& i, std::int64_t b, std::int64_t h, std::int64_t w) {
  i.called({"pool_blocks", "downsample", "block_reduce"});
  const ValueId x = i.input({"image", "grid", "field"}, Shape{h * b, w * b}, {-3, 3});
  const std::string how = i.either({"mean", "max", "sum", "min"});
  const ValueId split =
      i.let({"blocks", "tiles"}, fmt::format("$0.reshape({}, {}, {}, {})", h, b, w, b), {x},
            Shape{h, b, w, b}, {-3, 3});
  const ValueId coarse =
      i.let({"pooled", "coarse"},
            i.chance(0.5) ? "jnp." + how + "($0, axis=(1, 3))" : "$0." + how + "(axis=(1, 3))",
            {split}, Shape{h, w}, {-3, 3});
  if (how != "mean" || !i.chance(0.6)) {
    i.summary("Reduce every block of a grid to one value.");
  } else {
    i.called({"block_detail", "residual_of_blocks", "remove_block_means"});
    i.summary("Take from a grid what its block means do not say.");
    i.let({"detail", "residual"},
          i.either({fmt::format("$0 - jnp.repeat(jnp.repeat($1, {0}, axis=0), {0}, axis=1)", b),
                    fmt::format("$0 - jnp.kron($1, jnp.ones(({0}, {0}), $1.dtype))", b)}),
          {x, coarse}, Shape{h * b, w * b}, {-4, 4});
  }
}

// Blocks of pixels into channels and back, or blocks into patches: reshapes around a transposition.
Op space_to_depth() {
  return idiom("block_layout", kArray, 1.0, kSmooth, [](Idiom& i) {
    const std::int64_t block = i.between(2, 3), rows = i.between(2, 4), cols = i.between(2, 4),
                       channels = i.between(1, 4);
    const std::int64_t b = block, h = rows, w = cols, c = channels;
    const bool steps = i.chance(0.5);
    const auto arrange = [&](ValueId x, const Shape& split, const std::string& order, Shape mixed,
                             const Shape& out, const Words& names) {
      const auto text = [](const Shape& s) { return fmt::format("{}", fmt::join(s, ", ")); };
      if (static_cast<int>(split.size()) > i.builder().settings().max_rank || !steps)
        return i.let(
            names,
            "$0.reshape(" + text(split) + ").transpose(" + order + ").reshape(" + text(out) + ")",
            {x}, out, {-3, 3});
      const ValueId cut = i.let(
          {"split", "cut"},
          i.either({"$0.reshape(" + text(split) + ")", "jnp.reshape($0, (" + text(split) + "))"}),
          {x}, split, {-3, 3});
      const ValueId swapped =
          i.let({"swapped", "grouped"},
                i.either({"$0.transpose(" + order + ")", "jnp.transpose($0, (" + order + "))"}),
                {cut}, mixed, {-3, 3});
      return i.let(names, "$0.reshape(" + text(out) + ")", {swapped}, out, {-3, 3});
    };
    switch (i.between(0, 3)) {
      case 0: {
        i.called({"space_to_depth", "pixel_unshuffle", "fold_blocks"});
        i.summary(fmt::format("Move blocks of {} by {} pixels into the channels.", b, b));
        const ValueId x = i.input({"image", "frame", "x"}, Shape{h * b, w * b, c}, {-3, 3});
        arrange(x, {h, b, w, b, c}, "0, 2, 1, 3, 4", {h, w, b, b, c}, {h, w, b * b * c},
                {"folded", "blocks"});
        break;
      }
      case 1: {
        i.called({"depth_to_space", "pixel_shuffle", "unfold_channels"});
        i.summary(fmt::format("Spread channels over blocks of {} by {} pixels.", b, b));
        const ValueId x = i.input({"features", "maps", "x"}, Shape{h, w, b * b * c}, {-3, 3});
        arrange(x, {h, w, b, b, c}, "0, 2, 1, 3, 4", {h, b, w, b, c}, {h * b, w * b, c},
                {"image", "upsampled"});
        break;
      }
      case 2: {
        i.called({"patchify", "image_patches", "split_patches"});
        i.summary("Cut an image into patches, one a row.");
        const ValueId x = i.input({"image", "picture", "x"}, Shape{h * b, w * b}, {-3, 3});
        const ValueId patches = arrange(x, {h, b, w, b}, "0, 2, 1, 3", {h, w, b, b}, {h * w, b * b},
                                        {"patches", "tokens"});
        if (i.chance(0.5)) {
          const std::int64_t units = i.size();
          const ValueId kernel =
              i.input({"projection", "kernel", "embedding"}, {b * b, units}, {-1, 1});
          i.summary("Embed the patches of an image.");
          i.let({"embedded", "tokens"}, i.either({"$0 @ $1", "jnp.dot($0, $1)"}), {patches, kernel},
                {h * w, units}, {-6, 6});
        } else if (i.chance(0.5)) {
          i.let({"centered", "contrast"}, "$0 - $0.mean(axis=1, keepdims=True)", {patches},
                i.shape(patches), {-4, 4});
        }
        break;
      }
      default:
        pool_blocks(i, b, h, w);
    }
  });
}

// Applies a matrix of the form that `kind` names to a vector, to columns or causally.
void apply_structured(Idiom& i, ValueId matrix, std::int64_t n, const std::string& kind,
                      bool causal) {
  const Interval range{-2, 2};
  switch (i.between(0, causal ? 2 : 1)) {
    case 0: {
      const ValueId x = i.input({"x", "vector", "signal"}, {n}, range);
      i.called({"structured_product", "apply_structured", "filter_by_matrix"});
      i.summary("Apply a " + kind + " matrix to a vector.");
      i.let({"applied", "product"},
            i.either({"$0 @ $1", "jnp.dot($0, $1)", "jnp.einsum(\"ij,j->i\", $0, $1)"}),
            {matrix, x}, {n}, {-8, 8});
      break;
    }
    case 1: {
      const ValueId x = i.input({"x", "batch", "signals"}, {n, i.size()}, range);
      i.called({"structured_product", "apply_structured", "filter_columns"});
      i.summary("Apply a " + kind + " matrix to the columns of another.");
      i.let({"applied", "filtered"}, i.either({"$0 @ $1", "jnp.matmul($0, $1)"}), {matrix, x},
            i.shape(x), {-8, 8});
      break;
    }
    default: {
      const ValueId x = i.input({"signal", "x", "impulses"}, {n}, range);
      i.called({"causal_filter", "apply_causal", "causal_product"});
      i.summary("Filter a signal by the lower triangle of a " + kind + " matrix.");
      i.comment("Nothing of the future reaches the present.");
      const ValueId past = i.let({"causal", "lower"}, "jnp.tril($0)", {matrix}, {n, n}, range);
      i.let({"filtered", "response"}, i.either({"$0 @ $1", "jnp.dot($0, $1)"}), {past, x}, {n},
            {-8, 8});
    }
  }
}

// Matrices that are constant along diagonals: built by an index table or by rolled rows; applied to
// vectors by choice.
Op toeplitz() {
  return idiom("toeplitz", kArray, 1.0, kSmooth, [](Idiom& i) {
    const std::int64_t n = std::max<std::int64_t>(3, i.size());
    const auto kind = i.between(0, 2);
    const Interval range{-2, 2};
    ValueId matrix = kNoValue;
    std::string said, form = "Toeplitz";
    const double top = static_cast<double>(n);
    const ValueId band = i.input(kind == 0   ? Words{"row", "kernel", "taps"}
                                 : kind == 1 ? Words{"autocovariance", "lags", "column"}
                                             : Words{"sequence", "terms", "series"},
                                 {kind == 2 ? 2 * n - 1 : n}, range);
    if (kind == 0 && i.chance(0.3)) {
      i.called({"circulant", "circulant_matrix", "cyclic_matrix"});
      said = "Build the circulant matrix of a kernel.";
      form = "circulant";
      const BodyId turn = i.function(
          {"shifted", "turn"}, {{{"k", "shift"}, counts(i, {}), {0, top}}}, [&](const Ids& p) {
            return Ids{i.let({"rolled"}, "jnp.roll($0, $1)", {band, p[0]}, {n}, range)};
          });
      matrix = i.let({"matrix", "circulant"}, fmt::format("jax.vmap($f0)(jnp.arange({}))", n), {},
                     std::vector<BodyId>{turn}, Type{i.real(), {n, n}}, range);
    } else {
      const ValueId at = i.let({"at", "positions", "index"}, fmt::format("jnp.arange({})", n), {},
                               counts(i, {n}), {0, top});
      const bool rows_first = i.chance(0.5);
      std::string offset = rows_first ? "$0[:, None] - $0[None, :]" : "$0[None, :] - $0[:, None]";
      if (kind == 0) {
        i.called({"circulant", "circulant_matrix", "cyclic_matrix"});
        said = "Build the circulant matrix of a kernel.";
        form = "circulant";
        offset = "(" + offset + fmt::format(") % {}", n);
      } else if (kind == 1) {
        i.called({"toeplitz", "symmetric_toeplitz", "covariance_from_lags"});
        said = "Build a symmetric Toeplitz matrix from its first column.";
        offset = "jnp.abs(" + offset + ")";
      } else if (i.chance(0.5)) {
        i.called({"hankel", "hankel_matrix", "trajectory_matrix"});
        said = "Build the Hankel matrix of a sequence.";
        form = "Hankel";
        offset = "$0[:, None] + $0";
      } else {
        i.called({"toeplitz", "toeplitz_matrix", "convolution_matrix"});
        said = "Build a Toeplitz matrix from its diagonals.";
        offset += fmt::format(" + {}", n - 1);
      }
      const ValueId lag = i.let({"lag", "offset"}, offset, {at}, counts(i, {n, n}), {0, 2 * top});
      matrix = i.let({"matrix", "operator_matrix"}, i.either({"$0[$1]", "jnp.take($0, $1)"}),
                     {band, lag}, {n, n}, range);
    }
    if (kind == 1 && i.chance(0.4)) {
      const ValueId w = i.input({"weights", "loadings"}, {n}, range);
      i.called({"variance_of_sum", "weighted_sum_variance", "stationary_variance"});
      i.summary("Variance of a weighted sum of a stationary series by its autocovariances.");
      i.let({"variance", "quadratic"},
            i.either(
                {"$1 @ $0 @ $1", "jnp.einsum(\"i,ij,j->\", $1, $0, $1)", "jnp.dot($1, $0 @ $1)"}),
            {matrix, w}, Shape{}, {-30, 30});
      return;
    }
    if (i.chance(0.25))
      i.summary(said);
    else
      apply_structured(i, matrix, n, form, form == "Toeplitz");
  });
}

// The blocks on the diagonal of a matrix, their traces, and what is left without them.
void diagonal_blocks(Idiom& i, std::int64_t blocks, std::int64_t size) {
  const std::int64_t n = blocks * size;
  const Interval range{-2, 2};
  const ValueId whole = i.input({"matrix", "covariance", "operator_matrix"}, {n, n}, range);
  const ValueId split =
      i.let({"split", "tiles"}, fmt::format("$0.reshape({0}, {1}, {0}, {1})", blocks, size),
            {whole}, Shape{blocks, size, blocks, size}, range);
  const ValueId parts =
      i.let({"blocks", "diagonal"},
            i.either({"jnp.einsum(\"iajb->iab\", $0 * jnp.eye($0.shape[0], "
                      "dtype=$0.dtype)[:, None, :, None])",
                      fmt::format("$0[jnp.arange({0}), :, jnp.arange({0})]", blocks),
                      "jnp.moveaxis(jnp.diagonal($0, axis1=0, axis2=2), -1, 0)",
                      "jnp.einsum(\"iaib->iab\", $0)"}),
            {split}, Shape{blocks, size, size}, range);
  const bool traces = i.chance(0.5);
  i.called(traces ? Words{"block_traces", "traces_of_blocks", "partial_traces"}
                  : Words{"diagonal_blocks", "extract_blocks", "block_diag_part"});
  i.summary(traces ? "Take the traces of the blocks on the diagonal of a matrix."
                   : "Take the blocks on the diagonal of a matrix.");
  if (traces)
    i.let({"traces", "block_traces"},
          i.either({"jnp.trace($0, axis1=1, axis2=2)", "jnp.einsum(\"bii->b\", $0)"}), {parts},
          Shape{blocks}, {-5, 5});
  if (traces || !i.chance(0.4)) return;
  i.summary("Split a matrix into the blocks on its diagonal and what couples them.");
  i.let({"coupling", "rest"},
        "$0 - jnp.repeat(jnp.repeat(jnp.eye(" + std::to_string(blocks) + ", dtype=$0.dtype), " +
            std::to_string(size) + ", axis=0), " + std::to_string(size) + ", axis=1) * $0",
        {whole}, {n, n}, range);
}

// One matrix with blocks on its diagonal: by a mask over repeats, by an einsum with the identity,
// by scattered blocks; or the blocks taken out of one.
Op block_diagonal() {
  return idiom("block_diagonal", kArray, 1.0, kSmooth, [](Idiom& i) {
    const std::int64_t blocks = i.between(2, 4), size = i.between(2, 4), n = blocks * size;
    const Interval range{-2, 2};
    const std::string reshaped = fmt::format(".reshape({0}, {0})", n);
    ValueId matrix = kNoValue;
    if (i.chance(0.3)) {
      diagonal_blocks(i, blocks, size);
      return;
    }
    const ValueId parts = i.input({"blocks", "factors", "kernels"}, {blocks, size, size}, range);
    switch (i.between(0, 3)) {
      case 0:
        matrix = i.let(
            {"matrix", "assembled"},
            "jnp.einsum(\"iab,ij->iajb\", $0, jnp.eye($0.shape[0], dtype=$0.dtype))" + reshaped,
            {parts}, {n, n}, range);
        break;
      case 1: {
        const ValueId zeros =
            i.let({"canvas", "zeros"}, fmt::format("jnp.zeros(({0}, {0}), $0.dtype)", n), {parts},
                  {n, n}, range);
        matrix = i.fori(
            0, blocks, {"place", "put_block"},
            {{{"canvas", "matrix"}, zeros, range, {"matrix", "assembled"}}}, [&](const Ids& p) {
              const ValueId at = i.let({"corner", "start"}, fmt::format("{} * $0", size), {p[0]},
                                       counts(i, {}), {0, static_cast<double>(n)});
              return Ids{i.let({"placed"}, "lax.dynamic_update_slice($0, $1[$2], ($3, $3))",
                               {p[1], parts, p[0], at}, {n, n}, range)};
            })[0];
        break;
      }
      case 2: {
        i.comment("Rows and columns belong to the same block or to none.");
        const ValueId owner =
            i.let({"owner", "block_of"}, fmt::format("jnp.arange({}) // {}", n, size), {},
                  counts(i, {n}), {0, static_cast<double>(blocks)});
        const ValueId wide =
            i.let({"tiled", "repeated"},
                  fmt::format("jnp.tile($0.reshape({}, {}), (1, {}))", n, size, blocks), {parts},
                  {n, n}, range);
        matrix = i.let({"matrix", "assembled"}, "jnp.where($0[:, None] == $0[None, :], $1, 0.0)",
                       {owner, wide}, {n, n}, range);
        break;
      }
      default: {
        std::string names;
        for (std::int64_t k = 0; k < blocks; ++k)
          names += fmt::format("{}$0[{}]", k ? ", " : "", k);
        matrix = i.let({"matrix", "assembled"},
                       i.chance(0.5) ? "jax.scipy.linalg.block_diag(" + names + ")"
                                     : "jax.scipy.linalg.block_diag(*$0)",
                       {parts}, {n, n}, range);
      }
    }
    if (!i.chance(0.5)) {
      i.called({"block_diagonal", "assemble_blocks", "block_diag"});
      i.summary("Put blocks on the diagonal of one matrix.");
    } else {
      i.called({"apply_blocks", "block_diagonal_product", "multiply_by_blocks"});
      i.summary("Apply a block-diagonal matrix to a vector.");
      const ValueId x = i.input({"x", "vector", "states"}, {n}, range);
      i.let({"applied", "product"}, i.either({"$0 @ $1", "jnp.dot($0, $1)"}), {matrix, x}, {n},
            {-8, 8});
    }
  });
}

// Sequences of n elements as one, in turn; in rows where there are any.
void weave(Idiom& i, std::int64_t n, std::int64_t r) {
  const Interval range{-3, 3};
  const bool rows = r > 0;
  const auto with = [&](std::int64_t m) { return rows ? Shape{r, m} : Shape{m}; };
  const std::string dots = rows ? "..., " : "";
  const std::int64_t parts = i.between(2, 3);
  i.called({"interleave", "zip_sequences", "weave"});
  i.summary(fmt::format("Interleave {} sequences along the last axis.", parts));
  static const Words kNames[] = {
      {"first", "left", "even"}, {"second", "right", "odd"}, {"third", "middle", "extra"}};
  Ids each;
  for (std::int64_t k = 0; k < parts; ++k) each.push_back(i.input(kNames[k], with(n), range));
  const std::string list = parts == 2 ? "$0, $1" : "$0, $1, $2";
  const std::string tail =
      rows ? fmt::format(".reshape({}, {})", r, parts * n) : i.either({".reshape(-1)", ".ravel()"});
  if (i.chance(0.5)) {
    i.let({"interleaved", "woven"}, "jnp.stack([" + list + "], axis=-1)" + tail, each,
          with(parts * n), range);
  } else {
    ValueId out = i.let({"woven", "buffer"},
                        rows ? fmt::format("jnp.zeros(({}, {}), $0.dtype)", r, parts * n)
                             : fmt::format("jnp.zeros({}, $0.dtype)", parts * n),
                        {each[0]}, with(parts * n), range);
    for (std::int64_t k = 0; k < parts; ++k)
      out = i.let({"woven", "filled"}, fmt::format("$0.at[{}{}::{}].set($1)", dots, k, parts),
                  {out, each[static_cast<std::size_t>(k)]}, with(parts * n), range);
  }
}

// Elements of two or three sequences in turn, by stacking or by strided writes; or the even and odd
// ones apart, as wavelets and rotary embeddings want them.
Op interleave() {
  return idiom("interleaved_parts", kArray, 1.0, kSmooth, [](Idiom& i) {
    const Interval range{-3, 3};
    const bool rows = i.chance(0.5);
    const std::int64_t n = std::max<std::int64_t>(2, i.size()), r = i.size();
    const auto with = [&](std::int64_t m) { return rows ? Shape{r, m} : Shape{m}; };
    const std::string dots = rows ? "..., " : "";
    if (i.chance(0.45)) {
      weave(i, n, rows ? r : 0);
      return;
    }
    const ValueId x = i.input({"x", "signal", "features", "pairs"}, with(2 * n), range);
    // Halves are turned as pairs are; averages and details are of neighbors.
    const bool turns = i.chance(0.5), halves = turns && i.chance(0.5);
    ValueId even = kNoValue, odd = kNoValue;
    if (halves || i.chance(0.6)) {
      const std::string a = halves ? fmt::format(":{}", n) : "::2",
                        b = halves ? fmt::format("{}:", n) : "1::2";
      even = i.let({"even", "first"}, "$0[" + dots + a + "]", {x}, with(n), range);
      odd = i.let({"odd", "second"}, "$0[" + dots + b + "]", {x}, with(n), range);
    } else {
      const ValueId pairs =
          i.let({"pairs", "split"},
                rows ? fmt::format("$0.reshape({}, {}, 2)", r, n)
                     : i.either({"$0.reshape(-1, 2)", fmt::format("$0.reshape({}, 2)", n)}),
                {x}, rows ? Shape{r, n, 2} : Shape{n, 2}, range);
      even = i.let({"even", "first"}, "$0[..., 0]", {pairs}, with(n), range);
      odd = i.let({"odd", "second"}, "$0[..., 1]", {pairs}, with(n), range);
    }
    Ids out;
    if (turns) {
      i.called({"rotate_pairs", "apply_rotary", "turn_pairs"});
      i.summary("Rotate pairs of features by given angles.");
      const ValueId angle = i.input({"angles", "phase", "theta"}, {n}, {-3.1, 3.1});
      const ValueId c = i.let({"cos", "c"}, "jnp.cos($0)", {angle}, {n}, {-1, 1});
      const ValueId s = i.let({"sin", "s"}, "jnp.sin($0)", {angle}, {n}, {-1, 1});
      out = {i.let({"rotated_even", "real_part"}, "$0 * $2 - $1 * $3", {even, odd, c, s}, with(n),
                   range),
             i.let({"rotated_odd", "imag_part"}, "$0 * $3 + $1 * $2", {even, odd, c, s}, with(n),
                   range)};
    } else {
      i.called({"haar_step", "lifting_step", "split_average_detail"});
      i.summary("Split a signal into averages and details.");
      const std::string scale = i.either({"2.0", "jnp.sqrt(2.0)"});
      const bool lifted = i.chance(0.4) && scale == "2.0";
      if (lifted) {
        const ValueId detail =
            i.let({"detail", "difference"}, "$0 - $1", {odd, even}, with(n), range);
        out = {i.let({"average", "coarse"}, "$0 + $1 / 2.0", {even, detail}, with(n), range),
               detail};
      } else {
        out = {
            i.let({"average", "coarse"}, "($0 + $1) / " + scale, {even, odd}, with(n), range),
            i.let({"detail", "difference"}, "($0 - $1) / " + scale, {even, odd}, with(n), range)};
      }
    }
    if (i.chance(0.7))
      i.let({"joined", "transformed"},
            halves ? "jnp.concatenate([$0, $1], axis=-1)"
                   : "jnp.stack([$0, $1], axis=-1).reshape($2.shape)",
            halves ? out : Ids{out[0], out[1], x}, with(2 * n), range);
  });
}

// Blocks without their means, where the last one has `extra` elements that are padding.
ValueId centered_blocks(Idiom& i, ValueId split, std::int64_t length, std::int64_t extra) {
  const std::int64_t blocks = i.shape(split)[0], block = i.shape(split)[1];
  i.called({"center_blocks", "remove_block_means", "blockwise_center"});
  i.summary("Center every block of a vector.");
  i.comment("The last block is shorter; its padding is no part of the mean.");
  const ValueId sizes = i.let(
      {"sizes", "lengths"},
      i.either(
          {fmt::format("jnp.full({}, {}).at[-1].set({})", blocks, block, block - extra),
           fmt::format("jnp.minimum({}, {} - {} * jnp.arange({}))", block, length, block, blocks)}),
      {}, counts(i, {blocks}), {1, static_cast<double>(block)});
  const ValueId mean =
      i.let({"means", "centers"}, i.either({"$0.sum(axis=1) / $1", "jnp.sum($0, axis=1) / $1"}),
            {split, sizes}, {blocks}, {-2, 2});
  return i.let({"centered", "shifted"}, "$0 - $1[:, None]", {split, mean}, {blocks, block},
               {-4, 4});
}

// Vectors padded to whole blocks, worked on block by block, and the padding cut off: scales,
// partial sums, means taken off.
Op pad_to_blocks() {
  return idiom("pad_to_blocks", kArray, 1.0, kSmooth, [](Idiom& i) {
    const std::int64_t length = std::max<std::int64_t>(5, i.size()), block = i.between(2, 4),
                       blocks = (length + block - 1) / block, extra = blocks * block - length;
    if (extra == 0) return i.fail();
    const Interval range{-3, 3};
    const ValueId x = i.input({"x", "values", "weights", "signal"}, {length}, range);
    const auto what = i.between(0, 3);  // scaled, summed, centred, lengths
    const bool zeros = what > 1 || i.chance(0.7);
    const ValueId padded = i.let(
        {"padded", "extended"},
        zeros ? i.either({fmt::format("jnp.pad($0, (0, {}))", extra),
                          fmt::format("jnp.concatenate([$0, jnp.zeros({}, $0.dtype)])", extra)})
              : fmt::format("jnp.pad($0, (0, {}), mode=\"edge\")", extra),
        {x}, {blocks * block}, range);
    const ValueId split = i.let({"blocks", "tiles"},
                                i.either({fmt::format("$0.reshape({}, {})", blocks, block),
                                          fmt::format("$0.reshape(-1, {})", block)}),
                                {padded}, {blocks, block}, range);
    ValueId out = kNoValue;
    const Shape column = {blocks, 1};
    switch (what) {
      case 0: {
        i.called({"scale_blocks", "normalize_blocks", "blockwise_absmax"});
        i.summary("Scale every block of a vector to its largest magnitude.");
        const ValueId peak = i.let({"peak", "absmax"},
                                   i.either({"jnp.max(jnp.abs($0), axis=1, keepdims=True)",
                                             "jnp.abs($0).max(axis=1, keepdims=True)"}),
                                   {split}, column, {0.3, 3});
        out = i.let({"scaled", "normalized"}, "$0 / $1", {split, peak}, {blocks, block}, {-1, 1});
        if (i.chance(0.5)) i.let({"scales"}, "$0[:, 0]", {peak}, {blocks}, {0.3, 3});
        break;
      }
      case 1: {
        i.called({"blocked_cumsum", "two_level_sum", "prefix_sum_by_blocks"});
        i.summary("Sum a vector in two levels: within blocks, then across them.");
        const ValueId inner =
            i.let({"inner", "within"}, "jnp.cumsum($0, axis=1)", {split}, {blocks, block}, {-8, 8});
        const ValueId totals =
            i.let({"totals", "block_sums"}, "$0[:, -1]", {inner}, {blocks}, {-8, 8});
        const ValueId before = i.let({"before", "offsets"},
                                     i.either({"jnp.cumsum($0) - $0",
                                               "jnp.concatenate([jnp.zeros_like($0[:1]), "
                                               "jnp.cumsum($0)[:-1]])"}),
                                     {totals}, {blocks}, {-12, 12});
        out = i.let({"prefix", "running"}, "$0 + $1[:, None]", {inner, before}, {blocks, block},
                    {-12, 12});
        break;
      }
      case 2:
        out = centered_blocks(i, split, length, extra);
        break;
      default:
        i.called({"block_norms", "blockwise_norm", "lengths_of_blocks"});
        i.summary(fmt::format("Give the length of every block of {} elements.", block));
        i.let({"norms", "lengths"},
              i.either({"jnp.sqrt(jnp.sum($0**2, axis=1))", "jnp.linalg.norm($0, axis=1)"}),
              {split}, {blocks}, {0.1, 6});
        return;
    }
    i.let({"trimmed", "flat"},
          i.either(
              {fmt::format("$0.reshape(-1)[:{}]", length), fmt::format("$0.ravel()[:{}]", length)}),
          {out}, {length}, range);
  });
}

// A triangle of a matrix [n, n], with its diagonal or without.
struct Triangle {
  std::int64_t n, count;
  bool strict, upper;
};

Ids indices(Idiom& i, const Triangle& t) {
  const auto& [n, count, strict, upper] = t;
  const int shift = strict ? (upper ? 1 : -1) : 0;
  const std::string name = upper ? "triu" : "tril";
  return i.unpack(shift ? fmt::format("jnp.{}_indices({}, {})", name, n, shift)
                        : fmt::format("jnp.{}_indices({})", name, n),
                  {}, {},
                  {{{"rows", "row"}, counts(i, {count}), {0, static_cast<double>(n)}},
                   {{"cols", "col"}, counts(i, {count}), {0, static_cast<double>(n)}}});
}

void pack_triangle(Idiom& i, const Triangle& t) {
  const auto& [n, count, strict, upper] = t;
  const Interval range{-2, 2};
  i.called({"pack_triangle", "vech", "flatten_triangle"});
  i.summary("Flatten one triangle of a matrix into a vector.");
  const ValueId x = i.input({"matrix", "covariance", "distances"}, {n, n}, range);
  ValueId of = x;
  if (i.chance(0.4)) of = i.let({"symmetric", "averaged"}, "0.5 * ($0 + $0.T)", {x}, {n, n}, range);
  const Ids at = indices(i, t);
  const ValueId packed =
      i.let({"packed", "triangle"}, i.either({"$0[$1, $2]", "$0.at[$1, $2].get()"}),
            {of, at[0], at[1]}, {count}, range);
  if (i.chance(0.4)) {
    i.comment("Off-diagonal entries stand for two.");
    i.let({"weighted", "scaled"},
          strict ? "jnp.sqrt(2.0) * $0" : "jnp.where($1 == $2, $0, jnp.sqrt(2.0) * $0)",
          strict ? Ids{packed} : Ids{packed, at[0], at[1]}, {count}, {-3, 3});
  }
}

void unpack_triangle(Idiom& i, const Triangle& t) {
  const auto& [n, count, strict, upper] = t;
  const Interval range{-2, 2};
  i.called({"unpack_triangle", "fill_triangle", "triangle_to_matrix"});
  i.summary("Put a vector into one triangle of a matrix.");
  const ValueId packed = i.input({"packed", "entries", "params"}, {count}, range);
  const Ids at = indices(i, t);
  ValueId matrix = i.let({"matrix", "triangle"},
                         fmt::format("jnp.zeros(({0}, {0}), $0.dtype).at[$1, $2].set($0)", n),
                         {packed, at[0], at[1]}, {n, n}, range);
  switch (i.between(0, 3)) {
    case 0:
      i.summary("Build a symmetric matrix from one triangle.");
      matrix = i.let({"symmetric", "mirrored"},
                     strict ? "$0 + $0.T" : "$0 + $0.T - jnp.diag(jnp.diag($0))", {matrix}, {n, n},
                     range);
      break;
    case 1:
      if (strict) {
        i.called({"skew_from_vector", "antisymmetric"});
        i.summary("Build an antisymmetric matrix from one triangle.");
        matrix = i.let({"skew", "generator"}, "$0 - $0.T", {matrix}, {n, n}, range);
        break;
      }
      i.called({"covariance_from_factor", "unpack_cholesky"});
      i.summary("Build a covariance matrix from the entries of its factor.");
      i.let({"covariance", "gram"},
            upper ? i.either({"$0.T @ $0", "jnp.einsum(\"ki,kj->ij\", $0, $0)"})
                  : i.either({"$0 @ $0.T", "jnp.einsum(\"ik,jk->ij\", $0, $0)"}),
            {matrix}, {n, n}, {-12, 12});
      return;
    case 2: {
      if (strict) break;
      i.comment("A positive diagonal makes the factor unique.");
      const ValueId diagonal =
          i.let({"diagonal", "diag"}, i.either({"jnp.diag($0)", "jnp.diagonal($0)"}), {matrix}, {n},
                range);
      const ValueId positive =
          i.let({"positive", "scale"}, i.either({"jnp.exp($0)", "jax.nn.softplus($0)"}), {diagonal},
                {n}, {0.1, 7});
      matrix = i.let({"factor", "cholesky"}, "$0 + jnp.diag($1 - $2)", {matrix, positive, diagonal},
                     {n, n}, {-2, 7});
      break;
    }
    default:
      break;
  }
  if (i.chance(0.5)) {
    const ValueId x = i.input({"x", "vector", "noise"}, {n}, {-2, 2});
    i.let({"applied", "transformed"}, i.either({"$0 @ $1", "jnp.dot($0, $1)"}), {matrix, x}, {n},
          {-10, 10});
  }
}

// The triangle of a matrix as a vector and back by index pairs, as Cholesky factors and pairwise
// terms are stored.
Op triangular_packing() {
  return idiom("triangular_packing", kArray, 1.0, kSmooth, [](Idiom& i) {
    const std::int64_t n = i.between(3, 6);
    const bool strict = i.chance(0.35), upper = i.chance(0.4);
    const std::int64_t count = strict ? n * (n - 1) / 2 : n * (n + 1) / 2;
    const Triangle t{n, count, strict, upper};
    if (i.chance(0.45)) return pack_triangle(i, t);
    unpack_triangle(i, t);
  });
}

// Patches of an image by tables of rows and columns, multiplied with kernels: convolution as a
// product.
Op im2col() {
  return idiom("im2col", kIndexing, 1.0, kSmooth, [](Idiom& i) {
    const std::int64_t height = i.between(4, 7), width = i.between(4, 7), k = i.between(2, 3),
                       stride = i.chance(0.7) ? 1 : 2,
                       rate = stride == 1 && k == 2 ? i.between(1, 2) : 1;
    const bool padded = i.chance(0.35);
    const std::int64_t edge = padded ? k / 2 : 0, reach = rate * (k - 1) + 1;
    const std::int64_t oh = (height + 2 * edge - reach) / stride + 1,
                       ow = (width + 2 * edge - reach) / stride + 1;
    const Interval range{-2, 2};
    i.called({"im2col", "convolve_by_gather", "extract_patches"});
    i.summary(fmt::format("Gather {} by {} patches of an image.", k, k));
    const ValueId image = i.input({"image", "field", "x"}, {height, width}, range);
    const ValueId source =
        padded
            ? i.let({"padded", "framed"},
                    fmt::format(
                        fmt::runtime(i.either({"jnp.pad($0, {})", "jnp.pad($0, {}, mode=\"edge\")",
                                               "jnp.pad($0, {}, mode=\"reflect\")"})),
                        edge),
                    {image}, {height + 2 * edge, width + 2 * edge}, range)
            : image;
    const auto table = [&](const Words& names, std::int64_t n) {
      const std::string starts = stride == 1
                                     ? fmt::format("jnp.arange({})[:, None]", n)
                                     : fmt::format("{} * jnp.arange({})[:, None]", stride, n);
      const std::string within = rate == 1 ? fmt::format("jnp.arange({})", k)
                                           : fmt::format("{} * jnp.arange({})", rate, k);
      return i.let(names, starts + " + " + within, {}, counts(i, {n, k}), {0, 8});
    };
    const ValueId rows = table({"rows", "row_index"}, oh);
    const ValueId cols = table({"cols", "col_index"}, ow);
    const ValueId patches =
        i.let({"patches", "windows"}, "$0[$1[:, None, :, None], $2[None, :, None, :]]",
              {source, rows, cols}, {oh, ow, k, k}, range);
    switch (i.between(0, 2)) {
      case 0: {
        const ValueId kernel = i.input({"kernel", "stencil", "weights"}, {k, k}, {-1, 1});
        i.summary("Convolve an image by gathering patches.");
        i.let({"response", "filtered"},
              i.either({"jnp.einsum(\"hwij,ij->hw\", $0, $1)", "jnp.sum($0 * $1, axis=(-2, -1))",
                        "jnp.tensordot($0, $1, axes=2)"}),
              {patches, kernel}, {oh, ow}, {-8, 8});
        break;
      }
      case 1: {
        const std::int64_t filters = i.between(2, 4);
        const ValueId columns = i.let({"columns", "flat"},
                                      i.either({fmt::format("$0.reshape({}, {})", oh * ow, k * k),
                                                fmt::format("$0.reshape(-1, {})", k * k)}),
                                      {patches}, {oh * ow, k * k}, range);
        const ValueId bank = i.input({"bank", "kernels", "filters"}, {k * k, filters}, {-1, 1});
        const ValueId product =
            i.let({"product", "responses"}, i.either({"$0 @ $1", "jnp.dot($0, $1)"}),
                  {columns, bank}, {oh * ow, filters}, {-8, 8});
        i.let({"maps", "features"}, fmt::format("$0.reshape({}, {}, {})", oh, ow, filters),
              {product}, {oh, ow, filters}, {-8, 8});
        break;
      }
      default: {
        const std::string how = i.either({"max", "min", "mean"});
        i.summary("Take the " + how + " of every patch of an image.");
        i.let({"filtered", "pooled"},
              i.chance(0.5) ? "$0." + how + "(axis=(2, 3))" : "jnp." + how + "($0, axis=(-2, -1))",
              {patches}, {oh, ow}, range);
      }
    }
  });
}

}  // namespace

std::vector<Op> array_idioms() {
  return {sliding_windows(), space_to_depth(), toeplitz(),           block_diagonal(),
          interleave(),      pad_to_blocks(),  triangular_packing(), im2col()};
}

}  // namespace jaxsmith::plan
