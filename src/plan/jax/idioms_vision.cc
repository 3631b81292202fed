// Layers of networks that see: convolutions, pooling, rearranged pixels, and what is done to images
// before them.
#include <fmt/format.h>

#include <algorithm>

#include "plan/jax/idioms_network_parts.h"

namespace jaxsmith::plan {
namespace {
using namespace network;
using enum Derivative;

std::int64_t side(Idiom& i) { return std::min<std::int64_t>(i.size(), 10) + 2; }

// Convolution of images by a kernel: channels last or first, strides, dilation, padding, grouped or
// depthwise with a pointwise product; standardised kernels (Qiao et al. 2019); bias and activation.
Op convolution() {
  return idiom("convolution", kArray, 1.2, kSmooth, [](Idiom& i) {
    const bool last = i.chance(0.65), depthwise = i.chance(0.3), same = i.chance(0.6);
    const std::int64_t height = side(i), width = side(i), channels = i.between(2, 4);
    const std::int64_t outputs = depthwise ? channels : i.between(2, 5),
                       k = i.random().pick(std::vector<std::int64_t>{2, 3, 3});
    const std::int64_t dilation = i.chance(0.2) ? 2 : 1,
                       stride = dilation == 1 && i.chance(0.35) ? 2 : 1;
    const std::int64_t reach = (k - 1) * dilation + 1;
    const auto out_size = [&](std::int64_t n) {
      return same ? (n + stride - 1) / stride : (n - reach) / stride + 1;
    };
    if (height < reach || width < reach) return i.fail();
    const Shape image =
        last ? Shape{1, height, width, channels} : Shape{1, channels, height, width};
    const bool batched = i.chance(0.5);
    const ValueId x = i.input({batched ? "images" : "image", "x", "feature_map"},
                              batched ? image : Shape(image.begin() + 1, image.end()), around(2));
    const std::int64_t ins = depthwise ? 1 : channels;
    const Shape of_kernel = last ? Shape{k, k, ins, outputs} : Shape{outputs, ins, k, k};
    ValueId kernel = i.input({"kernel", "filters", "w"}, of_kernel, weights_for(k * k * ins));
    i.called({depthwise ? "depthwise_conv" : "conv_layer",
              stride > 1 ? "strided_conv" : "filter_image", "conv_block"});
    i.summary(depthwise ? "Filter each channel of an image by itself."
                        : "Convolve an image with a set of filters.");
    if (!depthwise && i.chance(0.2)) {
      i.summary("Convolve with filters brought to zero mean and one variance.");
      const std::string axes = last ? "axis=(0, 1, 2)" : "axis=(1, 2, 3)";
      const Shape kept = last ? Shape{1, 1, 1, outputs} : Shape{outputs, 1, 1, 1};
      const ValueId mean = i.let({"w_mean", "mean"}, "jnp.mean($0, " + axes + ", keepdims=True)",
                                 {kernel}, kept, around(0.3));
      const ValueId variance = i.let({"w_var", "var"}, "jnp.var($0, " + axes + ", keepdims=True)",
                                     {kernel}, kept, {0.02, 0.5});
      kernel = i.let({"standardized", "w_std"},
                     fmt::format("($0 - $1) * lax.rsqrt($2 * {} + 1e-4)", k * k * ins),
                     {kernel, mean, variance}, of_kernel, around(1));
    }
    const std::string options =
        fmt::format("window_strides=({0}, {0}), padding=\"{1}\"{2}{3}", stride,
                    same ? "SAME" : "VALID", dilation > 1 ? ", rhs_dilation=(2, 2)" : "",
                    depthwise ? fmt::format(", feature_group_count={}", channels) : "");
    const std::string numbers =
        last ? ", dimension_numbers=(\"NHWC\", \"HWIO\", \"NHWC\")"
             : i.either({"", ", dimension_numbers=(\"NCHW\", \"OIHW\", \"NCHW\")"});
    const Shape result = last ? Shape{1, out_size(height), out_size(width), outputs}
                              : Shape{1, outputs, out_size(height), out_size(width)};
    ValueId out = i.let({"filtered", "conv"},
                        std::string("lax.conv_general_dilated(") + (batched ? "$0" : "$0[None]") +
                            ", $1, " + options + numbers + ")",
                        {x, kernel}, result, around(3));
    Shape shape = result;
    if (!batched) {
      shape.erase(shape.begin());
      out = i.let({"maps", "filtered"}, i.either({"$0[0]", "jnp.squeeze($0, axis=0)"}), {out},
                  shape, around(3));
    }
    if (last && depthwise && i.chance(0.6)) {
      i.called({"separable_conv", "depthwise_separable_conv", "conv_block"});
      i.summary("Filter channels apart, then mix them at each pixel.");
      const ValueId point = i.input({"pointwise", "w_point", "mixer"}, {channels, i.between(2, 5)},
                                    weights_for(channels));
      out = dense(i, {"mixed", "projected"}, out, point);
    } else if (i.chance(0.4)) {
      const ValueId bias = i.input({"bias", "b"}, {outputs}, around(0.5));
      out = i.let({"biased"}, last ? "$0 + $1" : "$0 + $1[:, None, None]", {out, bias},
                  i.shape(out), around(3));
    }
    if (i.chance(0.6)) activation(i, {"activated", "features"}, out);
  });
}

// Patches of an image: gathered by indices or by a map over offsets; then a product with filters, a
// statistic of each patch or its distance to a template.
Op local_patches() {
  return idiom("local_patches", kVectorization, 1.0, kSmooth, [](Idiom& i) {
    const std::int64_t k = i.between(2, 3), height = side(i), width = side(i);
    if (height < k || width < k) return i.fail();
    const std::int64_t down = height - k + 1, across = width - k + 1;
    const ValueId x = i.input({"image", "x", "frame"}, {height, width}, around(2));
    i.called({"sliding_windows", "scan_windows", "window_features"});
    i.summary("Look at every window of an image.");
    const Shape windows = {down, across, k, k}, grid = {down, across};
    ValueId patches;
    if (i.chance(0.5)) {
      const Words names = {"window", "patch_at", "take_window"};
      const BodyId at =
          i.function(names,
                     {{{"row", "r"}, counts(i, {}), {0, static_cast<double>(down)}},
                      {{"col", "c"}, counts(i, {}), {0, static_cast<double>(across)}}},
                     [&](const Ids& p) {
                       return Ids{i.let(
                           {"patch"}, fmt::format("lax.dynamic_slice($0, ($1, $2), ({0}, {0}))", k),
                           {x, p[0], p[1]}, {k, k}, around(2))};
                     });
      const ValueId rows = i.let({"rows", "ys"}, fmt::format("jnp.arange({})", down), {},
                                 counts(i, {down}), {0, static_cast<double>(down)});
      const ValueId columns = i.let({"cols", "xs"}, fmt::format("jnp.arange({})", across), {},
                                    counts(i, {across}), {0, static_cast<double>(across)});
      patches = i.let({"patches", "windows"},
                      "jax.vmap(jax.vmap($f0, in_axes=(None, 0)), in_axes=(0, None))($0, $1)",
                      {rows, columns}, {at}, Type{i.real(), windows}, around(2));
    } else {
      const ValueId rows = i.let({"rows", "row_idx"},
                                 fmt::format("jnp.arange({})[:, None] + jnp.arange({})", down, k),
                                 {}, counts(i, {down, k}), {0, static_cast<double>(height)});
      const ValueId columns = i.let(
          {"cols", "col_idx"}, fmt::format("jnp.arange({})[:, None] + jnp.arange({})", across, k),
          {}, counts(i, {across, k}), {0, static_cast<double>(width)});
      patches = i.let({"patches", "windows"}, "$0[$1[:, None, :, None], $2[None, :, None, :]]",
                      {x, rows, columns}, windows, around(2));
    }
    switch (i.between(0, 3)) {
      case 0: {
        const std::int64_t filters = i.between(2, 4);
        const ValueId kernel =
            i.input({"filters", "kernel", "templates"}, {filters, k, k}, around(1));
        i.let({"responses", "filtered"},
              i.either({"jnp.einsum(\"hwij,fij->hwf\", $0, $1)",
                        "jnp.tensordot($0, $1, axes=((2, 3), (1, 2)))"}),
              {patches, kernel}, {down, across, filters}, around(4));
        break;
      }
      case 1: {
        i.summary("Measure the contrast in each window of an image.");
        i.let({"contrast", "local_std"},
              i.either({"jnp.std($0, axis=(2, 3))", "jnp.var($0, axis=(-2, -1))",
                        "jnp.max($0, axis=(2, 3)) - jnp.min($0, axis=(2, 3))"}),
              {patches}, grid, {0.1, 3});
        break;
      }
      case 2: {
        const ValueId flat =
            i.let({"flat", "columns"}, fmt::format("$0.reshape({}, {})", down * across, k * k),
                  {patches}, {down * across, k * k}, around(2));
        const ValueId kernel =
            i.input({"kernel", "weights", "w"}, {k * k, i.between(2, 4)}, weights_for(k * k));
        activation(i, {"activated", "features"}, dense(i, {"responses"}, flat, kernel));
        break;
      }
      default: {
        i.summary("Compare each window of an image with a template.");
        const ValueId model = i.input({"template", "pattern", "target_patch"}, {k, k}, around(2));
        const ValueId distance = i.let({"distance", "mismatch"},
                                       i.either({"jnp.sum((($0 - $1) ** 2), axis=(2, 3))",
                                                 "jnp.mean(jnp.square($0 - $1), axis=(-2, -1))"}),
                                       {patches, model}, grid, {0.5, 20});
        if (i.chance(0.6))
          i.let({"likeness", "match"}, i.either({"jnp.exp(-$0 / 4.0)", "1.0 / (1.0 + $0)"}),
                {distance}, grid, {0, 1});
      }
    }
  });
}

// The largest or the mean of windows: by reduce_window, by reshapes (rows, then columns), over
// everything, or mixed (generalised mean); channels last or first.
Op pooling() {
  return idiom("pooling", kReduction, 1.2, kSmooth, [](Idiom& i) {
    const std::int64_t window = i.between(2, 3), form = i.between(0, 3), channels = i.between(2, 5);
    const std::int64_t down = std::min<std::int64_t>(i.size(), 5),
                       across = std::min<std::int64_t>(i.size(), 5);
    const std::int64_t height = down * window, width = across * window;
    const bool last = i.chance(0.65);
    const Shape shape = last ? Shape{height, width, channels} : Shape{channels, height, width};
    const Shape pooled = last ? Shape{down, across, channels} : Shape{channels, down, across};
    const ValueId x = i.input({"x", "maps", "feature_map", "image"}, shape,
                              form == 3 ? Interval{0.1, 3} : around(3));
    const bool largest = i.chance(0.5);
    const std::string axes = last ? "axis=(0, 1)" : "axis=(1, 2)";
    const std::string sizes =
        last ? fmt::format("({0}, {0}, 1)", window) : fmt::format("(1, {0}, {0})", window);
    if (form == 2)
      i.called({"global_pool", "pool_over_space", "channel_descriptor"});
    else
      i.called({largest ? "max_pool" : "average_pool", "pool_windows", "pool_neighborhoods"});
    ValueId out;
    if (form == 0) {
      i.summary(largest ? "Keep the largest value of each window." : "Average each window.");
      const bool overlaps = i.chance(0.3);
      const std::string strides = overlaps ? "(1, 1, 1)" : sizes;
      const std::int64_t h = overlaps ? height - window + 1 : down,
                         w = overlaps ? width - window + 1 : across;
      const Shape result = last ? Shape{h, w, channels} : Shape{channels, h, w};
      out = i.let({largest ? "peaks" : "sums", "pooled"},
                  std::string("lax.reduce_window($0, ") +
                      (largest ? "-jnp.inf, lax.max, " : "0.0, lax.add, ") + sizes + ", " +
                      strides + ", \"VALID\")",
                  {x}, result, around(largest ? 3 : 9));
      if (!largest)
        out = i.let({"averages", "pooled"}, fmt::format("$0 / {}", window * window), {out}, result,
                    around(2));
    } else if (form == 1) {
      i.summary(largest ? "Keep the largest value of each block."
                        : "Average each block of pixels.");
      const std::string reduce = largest ? "max" : "mean";
      const Shape first = last ? Shape{down, width, channels} : Shape{channels, down, width};
      const ValueId rows = i.let({"row_blocks", "by_rows"},
                                 last ? fmt::format("$0.reshape({}, {}, {}, {}).{}(axis=1)", down,
                                                    window, width, channels, reduce)
                                      : fmt::format("$0.reshape({}, {}, {}, {}).{}(axis=2)",
                                                    channels, down, window, width, reduce),
                                 {x}, first, around(3));
      out = i.let({"pooled", "blocks"},
                  last ? fmt::format("$0.reshape({}, {}, {}, {}).{}(axis=2)", down, across, window,
                                     channels, reduce)
                       : fmt::format("$0.reshape({}, {}, {}, {}).{}(axis=-1)", channels, down,
                                     across, window, reduce),
                  {rows}, pooled, around(3));
    } else if (form == 2) {
      i.summary("Pool each channel over all of space.");
      const ValueId mean = i.let({"mean_pool", "averages"}, "jnp.mean($0, " + axes + ")", {x},
                                 {channels}, around(1));
      const ValueId peak =
          i.let({"max_pool", "peaks"}, "jnp.max($0, " + axes + ")", {x}, {channels}, {1, 3});
      const bool joins = i.chance(0.5);
      out = i.let({"descriptor", "pooled"},
                  joins ? "jnp.concatenate([$0, $1])" : i.either({"$0 + $1", "0.5 * ($0 + $1)"}),
                  {mean, peak}, {joins ? 2 * channels : channels}, around(4));
    } else {
      i.called({"generalized_mean_pool", "power_pool", "gem_pool"});
      i.summary("Pool by a mean of powers, between the average and the maximum.");
      const ValueId power = i.input({"power", "p", "sharpness"}, Shape{}, {1.5, 4});
      const ValueId mean = i.let(
          {"mean_power", "moments"},
          i.either({"jnp.mean($0**$1, " + axes + ")", "jnp.mean(jnp.power($0, $1), " + axes + ")"}),
          {x, power}, {channels}, {1, 30});
      out = i.let({"pooled", "generalized"}, "$0 ** (1.0 / $1)", {mean, power}, {channels}, {1, 3});
    }
    if ((form >= 2 || last) && i.chance(0.35)) {
      const ValueId head = i.input({"head", "classifier", "w_out"}, {i.dim(out, -1), i.size()},
                                   weights_for(i.dim(out, -1)));
      dense(i, {"logits", "scores"}, out, head);
    }
  });
}

// Means over bins whatever the length of a sequence: at several scales (He et al. 2014), by a
// matrix of members or by sums of segments.
Op adaptive_pooling() {
  return idiom("adaptive_pooling", kReduction, 0.9, kSmooth, [](Idiom& i) {
    const std::int64_t length = i.size() + 3, channels = i.size(), bins = i.between(2, 4);
    const ValueId x = i.input({"features", "x", "frames"}, {length, channels}, around(3));
    if (bins > length) return i.fail();
    i.summary("Average a sequence of any length into a fixed number of bins.");
    const std::int64_t form = i.between(0, 2);
    i.called({"adaptive_pool", "pool_to_bins", form == 0 ? "pyramid_pool" : "bin_averages"});
    if (form == 0) {
      i.summary("Pool features at several scales and join the results.");
      std::vector<ValueId> levels;
      std::string list;
      for (std::int64_t n = 1, place = 0; n <= bins; n = n == 1 ? bins : bins + 1, ++place) {
        std::string parts;
        for (std::int64_t b = 0; b < n; ++b) {
          const std::int64_t from = b * length / n, to = ((b + 1) * length + n - 1) / n;
          parts +=
              fmt::format("{}$0[{}:{}].mean(axis=0)", b ? ", " : "",
                          from ? std::to_string(from) : "", to == length ? "" : std::to_string(to));
        }
        levels.push_back(i.let(
            {n == 1 ? "overall" : "by_bin"},
            n == 1 ? i.either({"jnp.mean($0, axis=0, keepdims=True)", "$0.mean(axis=0)[None]"})
                   : "jnp.stack([" + parts + "])",
            {x}, {n, channels}, around(2)));
        list += fmt::format("{}${}", place ? ", " : "", place);
      }
      i.let({"pyramid", "pooled"},
            i.either({"jnp.concatenate([" + list + "], axis=0)", "jnp.vstack([" + list + "])"}),
            levels, {1 + bins, channels}, around(2));
      return;
    }
    const ValueId bin =
        i.let({"bin", "segment"}, fmt::format("jnp.arange({}) * {} // {}", length, bins, length),
              {}, counts(i, {length}), {0, static_cast<double>(bins)});
    if (form == 1) {
      const ValueId member =
          i.let({"member", "assignment"},
                i.either({fmt::format("jax.nn.one_hot($0, {}, dtype=$1.dtype)", bins),
                          fmt::format("($0[:, None] == jnp.arange({})).astype($1.dtype)", bins)}),
                {bin, x}, {length, bins}, {0, 1});
      const ValueId count = i.let({"count", "bin_size"}, "jnp.sum($0, axis=0)[:, None]", {member},
                                  {bins, 1}, {1, static_cast<double>(length)});
      i.let({"pooled", "bin_means"},
            i.either({"$0.T @ $1 / $2", "jnp.einsum(\"tb,tc->bc\", $0, $1) / $2"}),
            {member, x, count}, {bins, channels}, around(3));
    } else {
      const ValueId total = i.let(
          {"total", "bin_sums"},
          i.either({fmt::format("jax.ops.segment_sum($1, $0, num_segments={})", bins),
                    fmt::format("jnp.zeros(({}, {}), $1.dtype).at[$0].add($1)", bins, channels)}),
          {bin, x}, {bins, channels}, around(9));
      const ValueId count =
          i.let({"count", "bin_size"}, fmt::format("jnp.bincount($0, length={})", bins), {bin},
                counts(i, {bins}), {1, static_cast<double>(length)});
      i.let({"pooled", "bin_means"}, "$0 / $1[:, None]", {total, count}, {bins, channels},
            around(3));
    }
  });
}

// Non-overlapping patches of an image as tokens: by reshape and transpose or by a strided
// convolution; a class token and positions by choice.
Op patch_embedding() {
  return idiom("patch_embedding", kArray, 1.1, kSmooth, [](Idiom& i) {
    const std::int64_t patch = i.between(2, 3), down = i.between(2, 4), across = i.between(2, 4),
                       channels = i.between(2, 3);
    const std::int64_t count = down * across, inside = patch * patch * channels,
                       width = std::min<std::int64_t>(i.size(), 12);
    const ValueId image =
        i.input({"image", "x", "pixels"}, {down * patch, across * patch, channels}, around(2));
    i.called({"patch_embedding", "image_to_tokens", "embed_patches"});
    i.summary("Cut an image into patches and project each to a token.");
    ValueId tokens;
    const std::int64_t form = i.between(0, 2);
    if (form == 0) {
      const ValueId kernel = i.input({"kernel", "projection", "w_patch"},
                                     {patch, patch, channels, width}, weights_for(inside));
      const ValueId grid =
          i.let({"grid", "conv_out"},
                fmt::format("lax.conv_general_dilated($0[None], $1, window_strides=({0}, {0}), "
                            "padding=\"VALID\", dimension_numbers=(\"NHWC\", \"HWIO\", \"NHWC\"))",
                            patch),
                {image, kernel}, {1, down, across, width}, around(3));
      tokens = i.let({"tokens", "embedded"}, fmt::format("$0.reshape({}, {})", count, width),
                     {grid}, {count, width}, around(3));
    } else {
      const ValueId kernel =
          i.input({"kernel", "projection", "w_patch"}, {inside, width}, weights_for(inside));
      const ValueId strips =
          i.let({"strips", "rows_of_patches"},
                fmt::format("$0.reshape({}, {}, {}, {})", down, patch, across, patch * channels),
                {image}, {down, patch, across, patch * channels}, around(2));
      const ValueId swapped = i.let({"patches", "tiles"},
                                    i.either({"$0.transpose(0, 2, 1, 3)", "jnp.swapaxes($0, 1, 2)",
                                              "jnp.moveaxis($0, 2, 1)"}),
                                    {strips}, {down, across, patch, patch * channels}, around(2));
      const ValueId flat = i.let({"flat", "patch_rows"},
                                 form == 1 ? fmt::format("$0.reshape({}, {})", count, inside)
                                           : fmt::format("$0.reshape(-1, {})", inside),
                                 {swapped}, {count, inside}, around(2));
      tokens = dense(i, {"tokens", "embedded"}, flat, kernel);
    }
    std::int64_t rows = count;
    if (i.chance(0.45)) {
      const ValueId token =
          i.input({"cls_token", "class_token", "summary_token"}, {width}, around(1));
      ++rows;
      tokens = i.let({"with_class", "sequence"},
                     i.either({"jnp.concatenate([$0[None], $1])", "jnp.vstack([$0, $1])",
                               "jnp.concatenate([$0[None, :], $1], axis=0)"}),
                     {token, tokens}, {rows, width}, around(3));
    }
    if (i.chance(0.5)) {
      const ValueId places =
          i.input({"positions", "pos_embedding", "position_table"}, {rows, width}, around(1));
      tokens = i.let({"placed", "summed"}, "$0 + $1", {tokens, places}, {rows, width}, around(4));
    }
    if (width > 2 && i.chance(0.25)) gained_norm(i, tokens);
  });
}

// Channels to pixels or pixels to channels (Shi et al. 2016), before or after a product that mixes
// channels; nearest enlargement beside it by choice.
Op pixel_shuffle() {
  return idiom("pixel_shuffle", kArray, 1.0, kSmooth, [](Idiom& i) {
    const std::int64_t factor = i.between(2, 3), height = std::min<std::int64_t>(i.size(), 6),
                       width = std::min<std::int64_t>(i.size(), 6), inner = i.between(1, 3);
    const bool up = i.chance(0.6), mixes = i.chance(0.5);
    const std::int64_t many = factor * factor * inner;
    const Shape wide = {height * factor, width * factor, inner}, deep = {height, width, many};
    if (up) {
      const std::int64_t channels = mixes ? i.between(2, 4) : many;
      ValueId x = i.input({"x", "features", "maps"}, {height, width, channels}, around(2));
      i.called({"pixel_shuffle", "depth_to_space", "upsample_by_channels"});
      i.summary("Move channels into space to enlarge an image.");
      const ValueId source = x;
      if (mixes) {
        const ValueId kernel =
            i.input({"kernel", "w_up", "expand"}, {channels, many}, weights_for(channels));
        x = dense(i, {"expanded", "mixed"}, x, kernel);
      }
      // Rows first, then columns: arrays of rank four at most.
      const ValueId tall = i.let({"tall", "rows"},
                                 fmt::format("$0.reshape({}, {}, {}, {}).transpose(0, 2, 1, 3)",
                                             height, width, factor, factor * inner),
                                 {x}, {height, factor, width, factor * inner}, around(3));
      const ValueId out =
          i.let({"enlarged", "image"},
                i.either({fmt::format("$0.reshape({}, {}, {})", wide[0], wide[1], inner),
                          fmt::format("jnp.reshape($0, {})", tuple_text(wide))}),
                {tall}, wide, around(3));
      if (mixes && channels == inner && i.chance(0.6)) {
        const ValueId near =
            i.let({"nearest", "repeated"},
                  fmt::format("jnp.repeat(jnp.repeat($0, {0}, axis=0), {0}, axis=1)", factor),
                  {source}, wide, around(2));
        i.let({"summed", "residual"}, "$0 + $1", {near, out}, wide, around(4));
      } else if (i.chance(0.5)) {
        activation(i, {"activated"}, out);
      }
      return;
    }
    const ValueId x = i.input({"image", "x", "pixels"}, wide, around(2));
    i.called({"space_to_depth", "pixel_unshuffle", "fold_blocks"});
    i.summary("Move blocks of pixels into channels.");
    const ValueId strips =
        i.let({"strips", "blocks"},
              fmt::format("$0.reshape({}, {}, {}, {})", height, factor, width, factor * inner), {x},
              {height, factor, width, factor * inner}, around(2));
    const ValueId folded =
        i.let({"folded", "deep"},
              fmt::format("{}.reshape({}, {}, {})",
                          i.either({"$0.transpose(0, 2, 1, 3)", "jnp.swapaxes($0, 1, 2)"}), height,
                          width, many),
              {strips}, deep, around(2));
    const ValueId kernel =
        i.input({"kernel", "w_mix", "projection"}, {many, i.between(2, 5)}, weights_for(many));
    const ValueId out = dense(i, {"mixed", "projected"}, folded, kernel);
    if (i.chance(0.5)) activation(i, {"activated"}, out);
  });
}

// Channels weighed by what they hold overall (Hu et al. 2018), and pixels by what their channels
// hold (Woo et al. 2018) by choice.
Op squeeze_excitation() {
  return idiom("squeeze_excitation", kReduction, 1.0, kSmooth, [](Idiom& i) {
    const bool last = i.chance(0.7);
    const std::int64_t height = std::min<std::int64_t>(i.size(), 8),
                       width = std::min<std::int64_t>(i.size(), 8), channels = i.between(3, 8),
                       inner = i.between(2, 4);
    const Shape shape = last ? Shape{height, width, channels} : Shape{channels, height, width};
    const ValueId x = i.input({"x", "maps", "feature_map"}, shape, around(3));
    const ValueId down =
        i.input({"w_down", "squeeze", "w1"}, {channels, inner}, weights_for(channels));
    const ValueId up = i.input({"w_up", "excite", "w2"}, {inner, channels}, weights_for(inner));
    i.called({"squeeze_excite", "channel_attention", "recalibrate_channels"});
    i.summary("Scale each channel by a gate computed from all of them.");
    const std::string axes = last ? "axis=(0, 1)" : "axis=(1, 2)";
    const bool both = i.chance(0.35);
    const std::string squash = i.either(
        {"jax.nn.relu($0 @ $1) @ $2", "jax.nn.silu($0 @ $1) @ $2", "jnp.maximum($0 @ $1, 0) @ $2"});
    const ValueId mean = i.let({"squeezed", "context"},
                               i.either({"jnp.mean($0, " + axes + ")", "$0.mean(" + axes + ")"}),
                               {x}, {channels}, around(1.5));
    ValueId logits =
        i.let({"excited", "gate_logits"}, squash, {mean, down, up}, {channels}, around(2));
    if (both) {
      const ValueId peak =
          i.let({"peaks", "strongest"}, "jnp.max($0, " + axes + ")", {x}, {channels}, {1, 3});
      const ValueId of_peak =
          i.let({"peak_logits"}, squash, {peak, down, up}, {channels}, around(3));
      logits = i.let({"total_logits"}, "$0 + $1", {logits, of_peak}, {channels}, around(4));
    }
    const ValueId gate = i.let(
        {"gate", "channel_weights"},
        i.either({"jax.nn.sigmoid($0)", "jax.nn.hard_sigmoid($0)", "2.0 * jax.nn.sigmoid($0)"}),
        {logits}, {channels}, {0, 2});
    const ValueId out =
        i.let({"recalibrated", "scaled"}, last ? "$0 * $1" : "$0 * $1[:, None, None]", {x, gate},
              shape, around(4));
    if (i.chance(0.35)) {
      i.summary("Gate channels first and pixels next.");
      const std::string axis = last ? "axis=-1" : "axis=0";
      const Shape kept = last ? Shape{height, width, 1} : Shape{1, height, width};
      const ValueId where =
          i.let({"pixel_gate", "spatial_weights"},
                i.either({"jax.nn.sigmoid(jnp.mean($0, " + axis + ", keepdims=True))",
                          "jax.nn.sigmoid(jnp.mean($0, " + axis +
                              ", keepdims=True) + jnp.max($0, " + axis + ", keepdims=True))"}),
                {out}, kept, {0.2, 1});
      i.let({"attended", "refined"}, "$0 * $1", {out, where}, shape, around(4));
    }
  });
}

// Statistics taken off and divided by: given for each channel, of the image itself, or by its
// extremes; bytes made reals first; a colour matrix, grey or another contrast by choice.
Op image_normalization() {
  return idiom("image_normalization", kArithmetic, 1.1, kSmooth, [](Idiom& i) {
    const std::int64_t height = i.size(), width = i.size(), channels = 3;
    const bool bytes = i.chance(0.4) && !half_precision(i);
    const Shape shape = {height, width, channels};
    ValueId image = i.input(Words{"image", "pixels", "x"},
                            bytes ? Type{DType::kU8, shape} : Type{i.real(), shape},
                            bytes ? Interval{0, 255} : Interval{0, 1});
    i.called({"normalize_image", "standardize_image", "preprocess"});
    i.summary("Bring the channels of an image to a common scale.");
    const std::int64_t form = i.between(0, 2);
    const ValueId mean =
        form == 0 ? i.input({"mean", "channel_mean"}, {channels}, {0.3, 0.6}) : kNoValue;
    if (bytes) {
      const DType to = i.real();
      const std::string name = to == DType::kF64 ? "jnp.float64" : "jnp.float32";
      image = i.let(
          {"scaled", "unit"},
          i.either({"$0.astype(" + name + ") / 255.0", "$0.astype(" + name + ") * (1.0 / 255.0)",
                    "jnp.asarray($0, " + name + ") / 255.0"}),
          {image}, shape, {0, 1});
    }
    ValueId out;
    if (form == 0) {
      const ValueId deviation = i.input({"std", "channel_std"}, {channels}, {0.15, 0.35});
      out = i.let({"normalized", "centered"}, "($0 - $1) / $2", {image, mean, deviation}, shape,
                  around(4));
    } else if (form == 1) {
      if (height * width < 4) return i.fail();
      const bool each = i.chance(0.6);
      const std::string axes = each ? ", axis=(0, 1)" : "";
      const Shape of = each ? Shape{channels} : Shape{};
      const ValueId own =
          i.let({"mean", "mu"}, "jnp.mean($0" + axes + ")", {image}, of, {0.3, 0.7});
      const ValueId deviation =
          i.let({"std", "spread"}, "jnp.std($0" + axes + ")", {image}, of, {0.15, 0.4});
      out = i.let({"standardized", "normalized"},
                  i.either({"($0 - $1) / $2", "($0 - $1) / ($2 + 1e-3)",
                            "($0 - $1) / jnp.maximum($2, 1e-2)"}),
                  {image, own, deviation}, shape, around(3));
    } else {
      const ValueId low =
          i.let({"low", "darkest"}, "jnp.min($0, axis=(0, 1))", {image}, {channels}, {0, 0.2});
      const ValueId high =
          i.let({"high", "brightest"}, "jnp.max($0, axis=(0, 1))", {image}, {channels}, {0.8, 1});
      out = i.let({"stretched", "rescaled"},
                  i.either({"($0 - $1) / ($2 - $1)", "2.0 * ($0 - $1) / ($2 - $1) - 1.0"}),
                  {image, low, high}, shape, around(1));
    }
    const double draw = i.random().uniform();
    if (draw < 0.3) {
      i.summary("Normalize an image and mix its channels by a color matrix.");
      const ValueId matrix = i.input({"color_matrix", "mixing", "rgb_to_other"},
                                     {channels, i.between(2, 3)}, around(1));
      dense(i, {"converted", "mixed"}, out, matrix);
    } else if (draw < 0.5) {
      i.called({"normalize_to_gray", "grayscale", "preprocess"});
      i.summary("Normalize an image and reduce it to one channel.");
      const std::string weights = i.either({"jnp.array([0.299, 0.587, 0.114], $0.dtype)",
                                            "jnp.array([0.2126, 0.7152, 0.0722], dtype=$0.dtype)"});
      i.let({"gray", "luma"}, "$0 @ " + weights, {out}, {height, width}, around(2));
    } else if (draw < 0.75) {
      i.summary("Normalize an image and jitter its contrast and brightness.");
      const ValueId contrast = i.input({"contrast", "gain"}, Shape{}, {0.5, 1.5});
      const ValueId brightness = i.input({"brightness", "offset"}, Shape{}, around(0.3));
      i.let({"adjusted", "jittered"}, i.either({"$0 * $1 + $2", "$1 * ($0 + $2)"}),
            {out, contrast, brightness}, shape, around(5));
    }
  });
}

}  // namespace

std::vector<Op> vision_idioms() {
  return {convolution(),        local_patches(),      pooling(),
          adaptive_pooling(),   patch_embedding(),    pixel_shuffle(),
          squeeze_excitation(), image_normalization()};
}

}  // namespace jaxsmith::plan
