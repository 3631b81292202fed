// Images as places: crops, flips, resampling, windows, keypoints and boxes.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plan/jax/idioms_network_parts.h"

namespace jaxsmith::plan {
namespace {
using namespace network;
using enum Derivative;

// A piece of an image where arguments say: by a dynamic slice, by indices or by a roll; padded
// first, scaled or normalised after.
Op crop() {
  return idiom("image_crop", kIndexing, 1.1, kSmooth, [](Idiom& i) {
    const std::int64_t height = i.size() + 4, width = i.size() + 4, channels = i.between(1, 3);
    const std::int64_t tall = std::max<std::int64_t>(2, height / 2),
                       wide = std::max<std::int64_t>(2, width / 2);
    const std::int64_t pad = i.chance(0.35) ? 2 : 0, form = i.between(0, 3);
    const bool flat = channels == 1;
    const auto image_of = [&](std::int64_t h, std::int64_t w) {
      return flat ? Shape{h, w} : Shape{h, w, channels};
    };
    const ValueId image = i.input({"image", "x", "frame"}, image_of(height, width), around(2));
    const std::int64_t h = height + 2 * pad, w = width + 2 * pad;
    const ValueId top =
        i.input({"top", "row", "y0"}, counts(i, {}), {0, static_cast<double>(h - tall)});
    const ValueId left =
        i.input({"left", "col", "x0"}, counts(i, {}), {0, static_cast<double>(w - wide)});
    i.called({pad ? "pad_and_crop" : "crop", "crop_at", "take_window"});
    i.summary(fmt::format("Cut a {} by {} window out of an image.", tall, wide));
    ValueId source = image;
    if (pad) {
      const std::string mode = i.either({"", ", mode=\"edge\"", ", mode=\"reflect\""});
      source = i.let({"padded"},
                     fmt::format("jnp.pad($0, (({0}, {0}), ({0}, {0}){1}){2})", pad,
                                 flat ? "" : ", (0, 0)", mode),
                     {image}, image_of(h, w), around(2));
    }
    const Shape result = image_of(tall, wide);
    ValueId out;
    if (form == 0) {
      out = i.let({"window", "cropped"},
                  flat ? fmt::format("lax.dynamic_slice($0, ($1, $2), ({}, {}))", tall, wide)
                       : fmt::format("lax.dynamic_slice($0, ($1, $2, 0), ({}, {}, {}))", tall, wide,
                                     channels),
                  {source, top, left}, result, around(2));
    } else if (form == 1) {
      const ValueId rows = i.let({"rows", "strip"},
                                 fmt::format("lax.dynamic_slice_in_dim($0, $1, {}, axis=0)", tall),
                                 {source, top}, image_of(tall, w), around(2));
      out = i.let({"window", "cropped"},
                  fmt::format("lax.dynamic_slice_in_dim($0, $1, {}, axis=1)", wide), {rows, left},
                  result, around(2));
    } else if (form == 2) {
      const ValueId rows = i.let({"rows", "row_idx"}, fmt::format("$0 + jnp.arange({})", tall),
                                 {top}, counts(i, {tall}), {0, static_cast<double>(h)});
      const ValueId columns = i.let({"cols", "col_idx"}, fmt::format("$0 + jnp.arange({})", wide),
                                    {left}, counts(i, {wide}), {0, static_cast<double>(w)});
      out = i.let({"window", "cropped"},
                  i.either({"$0[$1[:, None], $2]", "$0[jnp.ix_($1, $2)]", "$0[$1][:, $2]"}),
                  {source, rows, columns}, result, around(2));
    } else {
      const ValueId moved = i.let({"shifted", "rolled"}, "jnp.roll($0, (-$1, -$2), axis=(0, 1))",
                                  {source, top, left}, image_of(h, w), around(2));
      out = i.let({"window", "cropped"}, fmt::format("$0[:{}, :{}]", tall, wide), {moved}, result,
                  around(2));
    }
    if (i.chance(0.35)) {
      out = i.let({"mirrored", "flipped"},
                  i.either({"$0[:, ::-1]", "jnp.flip($0, axis=1)", "jnp.fliplr($0)"}), {out},
                  result, around(2));
    }
    if (!flat && i.chance(0.5)) {
      const ValueId mean = i.input({"mean", "channel_mean"}, {channels}, around(0.5));
      i.let({"normalized", "centered"}, "$0 - $1", {out, mean}, result, around(3));
    } else if (i.chance(0.3)) {
      i.let({"centered", "contrast"}, i.either({"$0 - jnp.mean($0)", "$0 - $0.mean()"}), {out},
            result, around(3));
    }
  });
}

// Each image through a function that turns it where its flag is set.
ValueId mirrored_by_flag(Idiom& i, ValueId flip, ValueId images, const std::string& mirrored) {
  const Shape shape = i.shape(images), one(shape.begin() + 1, shape.end());
  const BodyId each = i.function(
      {"maybe_flip", "augment_one"},
      {{{"flag", "on"}, flags({}), {0, 1}}, {{"img", "image"}, {i.real(), one}, around(2)}},
      [&](const Ids& p) {
        const std::vector<Idiom::Part> parameters = {{{"im", "v"}, {i.real(), one}, around(2)}};
        return i.cond(
            p[0], {p[1]}, parameters, {"turn", "mirror"},
            [&](const Ids& q) { return Ids{i.let({"out"}, mirrored, {q[0]}, one, around(2))}; },
            {"keep", "leave"}, [&](const Ids& q) { return Ids{q[0]}; },
            {{{"chosen", "picked"}, {i.real(), one}, around(2)}});
      });
  return i.let({"flipped", "turned"}, "jax.vmap($f0)($0, $1)", {flip, images}, {each},
               Type{i.real(), shape}, around(2));
}

void blank_square(Idiom& i, ValueId images) {
  const Shape shape = i.shape(images);
  const std::int64_t side = shape[1];
  const bool flat = shape.size() == 3;
  const std::int64_t hole = std::max<std::int64_t>(1, side / 3);
  const ValueId at = i.let({"idx", "places"}, fmt::format("jnp.arange({})", side), {},
                           counts(i, {side}), {0, static_cast<double>(side)});
  const ValueId inside =
      i.let({"inside", "covered"}, fmt::format("($0 >= {}) & ($0 < {})", hole, 2 * hole), {at},
            flags({side}), {0, 1});
  const ValueId square =
      i.let({"hole", "square"},
            i.either({"$0[:, None] & $0[None, :]", "jnp.logical_and($0[:, None], $0)"}), {inside},
            flags({side, side}), {0, 1});
  i.let({"erased", "cut_out"},
        flat ? i.either({"jnp.where($0, 0.0, $1)", "$1 * ~$0"})
             : "jnp.where($0[:, :, None], 0.0, $1)",
        {square, images}, shape, around(2));
}

// Images mirrored, turned or dimmed where a flag or a number for each says so.
Op augment_batch() {
  return idiom("augment_batch", kConditional, 1.1, kSmooth, [](Idiom& i) {
    const std::int64_t batch = i.between(4, 6), side = std::min<std::int64_t>(i.size(), 8),
                       channels = i.between(1, 3);
    const bool flat = channels == 1;
    const Shape shape = flat ? Shape{batch, side, side} : Shape{batch, side, side, channels};
    const ValueId images = i.input({"images", "batch", "x"}, shape, around(2));
    const std::string spread = flat ? "[:, None, None]" : "[:, None, None, None]";
    const ValueId flip = i.input({"flip", "mirror", "flip_mask"}, flags({batch}), {0, 1});
    ValueId out;
    const std::string turned =
        i.either({"$1[:, :, ::-1]", "jnp.flip($1, axis=2)", "jnp.flip($1, axis=1)", "$1[:, ::-1]",
                  "jnp.swapaxes($1, 1, 2)", "jnp.rot90($1, axes=(1, 2))"});
    std::string verb;
    const auto say = [&](const std::string& spelling) {
      const bool turns = spelling.find("rot90") != std::string::npos;
      verb = turns ? "Turn" : "Mirror";
      i.called({"augment_batch", turns ? "turn_flagged" : "flip_flagged", "augment_images"});
    };
    if (i.chance(0.35)) {
      const std::string mirrored =
          i.either({"jnp.flip($0, axis=1)", "$0[::-1]", "jnp.rot90($0)", "jnp.swapaxes($0, 0, 1)"});
      say(mirrored);
      i.summary(verb + " those images of a batch that are flagged, one by one.");
      out = mirrored_by_flag(i, flip, images, mirrored);
    } else {
      say(turned);
      i.summary(verb + " the images of a batch that are flagged.");
      out = i.let({"flipped", "turned"}, "jnp.where($0" + spread + ", " + turned + ", $1)",
                  {flip, images}, shape, around(2));
    }
    switch (i.between(0, 3)) {
      case 0: {
        const ValueId gain = i.input({"gain", "contrast", "brightness"}, {batch}, {0.5, 1.5});
        i.let({"adjusted", "dimmed"}, i.either({"$0 * $1" + spread, "$1" + spread + " * $0"}),
              {out, gain}, shape, around(3));
        break;
      }
      case 1: {
        i.summary(verb + " images and blend each with another of the batch.");
        const ValueId share = i.input({"mix", "lam", "weights"}, {batch}, {0.1, 0.9});
        const ValueId other =
            i.let({"partners", "others"},
                  i.either({"jnp.roll($0, 1, axis=0)", "$0[::-1]", "jnp.flip($0, axis=0)"}), {out},
                  shape, around(2));
        i.let({"mixed", "blended"}, "$0" + spread + " * $1 + (1.0 - $0" + spread + ") * $2",
              {share, out, other}, shape, around(2));
        break;
      }
      case 2: {
        i.summary(verb + " images and blank the same square in all of them.");
        blank_square(i, out);
        break;
      }
      default:
        break;
    }
  });
}

// Where an image is read: rows and columns between pixels.
struct Places {
  ValueId ys, xs;
  Shape shape;
};

double last_place(std::int64_t n) { return static_cast<double>(n) - 1.05; }

Places sampling_places(Idiom& i, std::int64_t form, std::int64_t height, std::int64_t width,
                       std::int64_t points) {
  const double bottom = last_place(height), right = last_place(width);
  ValueId ys, xs;
  Shape places = {points};
  if (form == 0) {
    ys = i.input({"ys", "rows", "v"}, {points}, {0.05, bottom});
    xs = i.input({"xs", "cols", "u"}, {points}, {0.05, right});
  } else if (form == 1) {
    i.summary("Sample an image where a field of offsets points.");
    const ValueId flow =
        i.input({"flow", "offsets", "displacement"}, {height, width, 2}, around(1.5));
    places = {height, width};
    ys = i.let(
        {"ys", "rows"},
        fmt::format("jnp.clip(jnp.arange({})[:, None] + $0[..., 0], 0, {})", height, height - 1),
        {flow}, places, {0, bottom});
    xs = i.let({"xs", "cols"},
               fmt::format("jnp.clip(jnp.arange({}) + $0[..., 1], 0, {})", width, width - 1),
               {flow}, places, {0, right});
  } else {
    const ValueId at =
        i.input({"points", "coords", "locations"}, {points, 2}, {0.05, std::min(bottom, right)});
    const Ids two = i.unpack(i.either({"$0.T", "jnp.moveaxis($0, -1, 0)"}), {at}, {},
                             {{{"ys", "rows"}, {i.real(), places}, {0.05, bottom}},
                              {{"xs", "cols"}, {i.real(), places}, {0.05, right}}});
    ys = two[0], xs = two[1];
  }
  return {ys, xs, places};
}

// `clipped`: no place lies beyond the image.
void interpolate_between_pixels(Idiom& i, ValueId image, const Places& at, bool clipped) {
  const Shape shape = i.shape(image);
  const std::int64_t height = shape[0], width = shape[1];
  const bool channels = shape.size() == 3;
  // Places given from outside may lie beyond the image, which an index would take from its end.
  const std::string floor =
      i.either({"jnp.floor($0).astype(int)", "jnp.floor($0).astype(jnp.int32)"});
  const Type index = {floor.ends_with("(int)") ? i.integer() : DType::kI32, at.shape};
  const auto before = [&](const Words& names, ValueId v, std::int64_t n, double most) {
    return i.let(names, clipped ? floor : floor + fmt::format(".clip(0, {})", n - 1), {v}, index,
                 {0, most});
  };
  const ValueId y0 = before({"y0", "top"}, at.ys, height, last_place(height));
  const ValueId x0 = before({"x0", "left"}, at.xs, width, last_place(width));
  const auto next = [&](const Words& names, ValueId v, std::int64_t n) {
    return i.let(names, fmt::format("jnp.minimum($0 + 1, {})", n - 1), {v}, index,
                 {1, static_cast<double>(n)});
  };
  const ValueId y1 = next({"y1", "bottom"}, y0, height);
  const ValueId x1 = next({"x1", "right"}, x0, width);
  const std::string tail = channels ? "[..., None]" : "";
  Shape weights = at.shape, result = at.shape;
  if (channels) {
    weights.push_back(1);
    result.push_back(shape.back());
  }
  const std::string fraction = tail.empty() ? "$0 - $1" : "($0 - $1)" + tail;
  const ValueId wy = i.let({"wy", "fy"}, fraction, {at.ys, y0}, weights, {0, 1});
  const ValueId wx = i.let({"wx", "fx"}, fraction, {at.xs, x0}, weights, {0, 1});
  const std::string across = i.either(
      {"(1.0 - $4) * $0[$1, $2] + $4 * $0[$1, $3]", "$0[$1, $2] + $4 * ($0[$1, $3] - $0[$1, $2])"});
  const ValueId upper =
      i.let({"upper", "top_row"}, across, {image, y0, x0, x1, wx}, result, around(2));
  const ValueId lower =
      i.let({"lower", "bottom_row"}, across, {image, y1, x0, x1, wx}, result, around(2));
  i.let({"sampled", "values"}, i.either({"(1.0 - $0) * $1 + $0 * $2", "$1 + $0 * ($2 - $1)"}),
        {wy, upper, lower}, result, around(2));
}

// Values between pixels, by the four around each place: at given places or where a field of offsets
// points; written out or by the library.
Op bilinear_sampling() {
  return idiom("bilinear_sampling", kIndexing, 1.2, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();  // places between pixels need the bits
    const std::int64_t height = i.size() + 2, width = i.size() + 2, points = i.size();
    const std::int64_t form = i.between(0, 2);
    const bool channels = i.chance(0.3);
    const Shape shape = channels ? Shape{height, width, i.between(2, 3)} : Shape{height, width};
    const ValueId image = i.input({"image", "grid", "feature_map"}, shape, around(2));
    i.called({form == 1 ? "warp_image" : "bilinear_sample", "sample_between_pixels",
              "interpolate_image"});
    i.summary("Interpolate an image between its pixels.");
    const Places at = sampling_places(i, form, height, width, points);
    if (!channels && i.chance(0.25)) {
      i.let(
          {"sampled", "values"},
          i.either({"jax.scipy.ndimage.map_coordinates($0, [$1, $2], order=1)",
                    "jax.scipy.ndimage.map_coordinates($0, [$1, $2], order=1, mode=\"nearest\")"}),
          {image, at.ys, at.xs}, at.shape, around(2));
      return;
    }
    interpolate_between_pixels(i, image, at, form == 1);
  });
}

// An image at another size: each axis by a matrix of tent weights, by the library, or nearest
// neighbours by indices; joined to another image or compared with it by choice.
Op resize_image() {
  return idiom("resize_image", kLinearAlgebra, 1.0, kSmooth, [](Idiom& i) {
    const std::int64_t height = i.size() + 2, width = i.size() + 2, tall = i.size() + 1,
                       wide = i.size() + 1;
    const ValueId image = i.input({"image", "x", "grid"}, {height, width}, around(2));
    i.called({"resize", "resample_image", "rescale_grid"});
    i.summary(fmt::format("Resample an image to {} by {} pixels.", tall, wide));
    const std::int64_t form = i.between(0, 2);
    ValueId out;
    if (form == 0) {
      const Type real = {default_real(i), {}};
      const bool cast = default_real(i) != i.real();
      const auto matrix = [&](const Words& names, std::int64_t to, std::int64_t from) {
        const std::string centers =
            fmt::format("(jnp.arange({0}) + 0.5) * {1} / {0} - 0.5", to, from);
        const ValueId at = i.let({to == tall ? "rows_at" : "cols_at", "centers"},
                                 "jnp.clip(" + centers + fmt::format(", 0, {})", from - 1), {},
                                 Type{real.dtype, {to}}, {0, static_cast<double>(from)});
        const std::string tent =
            fmt::format("jnp.maximum(1.0 - jnp.abs($0[:, None] - jnp.arange({})), 0)", from);
        return i.let(names, cast ? tent + ".astype($1.dtype)" : tent,
                     cast ? Ids{at, image} : Ids{at}, Shape{to, from}, {0, 1});
      };
      const ValueId rows = matrix({"row_weights", "vertical"}, tall, height);
      const ValueId columns = matrix({"col_weights", "horizontal"}, wide, width);
      out = i.let({"resized", "resampled"},
                  i.either({"$0 @ $1 @ $2.T", "jnp.einsum(\"ai,ij,bj->ab\", $0, $1, $2)"}),
                  {rows, image, columns}, {tall, wide}, around(2));
    } else if (form == 1) {
      out = i.let(
          {"resized", "resampled"},
          fmt::format(fmt::runtime(i.either(
                          {"jax.image.resize($0, ({0}, {1}), method=\"linear\")",
                           "jax.image.resize($0, ({0}, {1}), \"bilinear\")",
                           "jax.image.resize($0, ({0}, {1}), \"bilinear\", antialias=False)"})),
                      tall, wide),
          {image}, {tall, wide}, around(2));
    } else {
      const ValueId rows =
          i.let({"rows", "row_idx"}, fmt::format("jnp.arange({}) * {} // {}", tall, height, tall),
                {}, counts(i, {tall}), {0, static_cast<double>(height)});
      const ValueId columns =
          i.let({"cols", "col_idx"}, fmt::format("jnp.arange({}) * {} // {}", wide, width, wide),
                {}, counts(i, {wide}), {0, static_cast<double>(width)});
      out = i.let({"resized", "nearest"},
                  i.either({"$0[$1[:, None], $2]", "$0[$1][:, $2]",
                            "jnp.take(jnp.take($0, $1, axis=0), $2, axis=1)"}),
                  {image, rows, columns}, {tall, wide}, around(2));
    }
    if (!i.chance(0.5)) return;
    const bool adds = i.chance(0.5);
    i.called(adds ? Words{"merge_resized", "add_skip", "top_down_merge"}
                  : Words{"resized_difference", "compare_scales"});
    i.summary(adds ? "Resample an image to the size of another and add that."
                   : "Resample an image to the size of another and compare both.");
    const ValueId other = i.input(adds ? Words{"skip", "lateral"} : Words{"target", "reference"},
                                  {tall, wide}, around(2));
    i.let(adds ? Words{"merged", "summed"} : Words{"difference", "residual"},
          adds ? i.either({"$0 + $1", "0.5 * ($0 + $1)"}) : i.either({"$0 - $1", "$1 - $0"}),
          {out, other}, {tall, wide}, around(4));
  });
}

// Windows of a feature map, shifted around its edges (Liu et al. 2021), each attending or mixing
// within itself, and put back.
Op shifted_windows() {
  return idiom("shifted_windows", kArray, 1.0, kSmooth, [](Idiom& i) {
    const std::int64_t window = i.between(2, 3), down = i.between(2, 3), across = i.between(2, 3),
                       channels = i.between(3, 6);
    const std::int64_t height = down * window, width = across * window, inside = window * window;
    const Shape shape = {height, width, channels},
                strips = {down, window, across, window * channels},
                tiles = {down, across, window, window * channels},
                windows = {down * across, inside, channels};
    const ValueId x = i.input({"x", "feature_map", "tokens"}, shape, around(3));
    i.summary("Mix the pixels within each window of a feature map.");
    const std::int64_t shift = i.chance(0.6) ? std::max<std::int64_t>(1, window / 2) : 0;
    ValueId source = x;
    if (shift)
      source =
          i.let({"shifted", "rolled"}, fmt::format("jnp.roll($0, ({0}, {0}), axis=(0, 1))", -shift),
                {x}, shape, around(3));
    const std::string swap = i.either({".transpose(0, 2, 1, 3)", ".swapaxes(1, 2)"});
    const ValueId cut = i.let(
        {"tiles", "blocks"},
        fmt::format("$0.reshape({}, {}, {}, {})", strips[0], strips[1], strips[2], strips[3]) +
            swap,
        {source}, tiles, around(3));
    const ValueId rows = i.let({"windows", "by_window"},
                               fmt::format("$0.reshape({}, {}, {})", windows[0], inside, channels),
                               {cut}, windows, around(3));
    ValueId mixed;
    const std::int64_t form = i.between(0, 2);
    i.called({shift ? "shifted_windows" : "windowed_mixing",
              form == 0 ? "window_mixing" : "attend_in_windows", "mix_within_windows"});
    if (form == 0) {
      const ValueId kernel =
          i.input({"w_spatial", "mixer", "token_weights"}, {inside, inside}, weights_for(inside));
      mixed = i.let(
          {"mixed", "blended"},
          i.either({"jnp.einsum(\"nsc,st->ntc\", $0, $1)", "$1.T @ $0", "jnp.matmul($1, $0)"}),
          {rows, kernel}, windows, around(3));
    } else {
      const std::string root = Idiom::text(std::sqrt(static_cast<double>(channels)));
      ValueId query = rows;
      if (form == 2) {
        const ValueId kernel =
            i.input({"w_query", "wq"}, {channels, channels}, weights_for(channels));
        query = dense(i, {"query", "q"}, rows, kernel);
      }
      const ValueId scores = i.let({"scores", "logits"},
                                   i.either({"jnp.einsum(\"nqc,nkc->nqk\", $0, $1) / " + root,
                                             "$0 @ jnp.swapaxes($1, 1, 2) / " + root}),
                                   {query, rows}, {windows[0], inside, inside}, around(6));
      const ValueId weights = softmax(i, {"weights", "probs"}, scores, -1);
      mixed = i.let({"mixed", "attended"},
                    i.either({"$0 @ $1", "jnp.einsum(\"nqk,nkc->nqc\", $0, $1)"}), {weights, rows},
                    windows, around(3));
    }
    const ValueId back = i.let(
        {"grid", "tiles_back"},
        fmt::format("$0.reshape({}, {}, {}, {})", tiles[0], tiles[1], tiles[2], tiles[3]) + swap,
        {mixed}, strips, around(3));
    ValueId out = i.let({"merged", "restored"},
                        fmt::format("$0.reshape({}, {}, {})", height, width, channels), {back},
                        shape, around(3));
    if (shift)
      out = i.let({"unshifted", "rolled_back"},
                  fmt::format("jnp.roll($0, ({0}, {0}), axis=(0, 1))", shift), {out}, shape,
                  around(3));
    if (i.chance(0.4)) i.let({"residual", "updated"}, "$0 + $1", {x, out}, shape, around(5));
  });
}

// Where heat maps have their mass: expected coordinates (Finn et al. 2016), with a temperature, the
// spread, or Gaussian maps drawn from points.
Op keypoints() {
  return idiom("keypoints", kReduction, 1.0, kSmooth, [](Idiom& i) {
    const std::int64_t height = std::min<std::int64_t>(i.size() + 1, 9),
                       width = std::min<std::int64_t>(i.size() + 1, 9), points = i.between(2, 5);
    const auto h = static_cast<double>(height), w = static_cast<double>(width);
    // Both axes count in the same way.
    const std::string spelling =
        i.either({"jnp.linspace(-1.0, 1.0, {}, dtype=$0.dtype)", "jnp.arange({}, dtype=$0.dtype)",
                  "jnp.linspace(0, 1, {}).astype($0.dtype)"});
    const auto axis = [&](const Words& names, std::int64_t n) {
      return std::make_pair(names, fmt::format(fmt::runtime(spelling), n));
    };
    if (i.chance(0.3)) {
      const ValueId centers =
          i.input({"points", "keypoints", "centers"}, {points, 2}, {0, std::min(h, w) - 1});
      i.called({"draw_heatmaps", "gaussian_maps", "render_points"});
      i.summary("Draw a Gaussian bump at each point.");
      const ValueId width_of = i.input({"sigma", "width", "spread"}, Shape{}, {0.7, 2});
      const ValueId dy =
          i.let({"dy", "row_offsets"}, fmt::format("jnp.arange({}) - $0[:, 0, None]", height),
                {centers}, {points, height}, around(h));
      const ValueId dx =
          i.let({"dx", "col_offsets"}, fmt::format("jnp.arange({}) - $0[:, 1, None]", width),
                {centers}, {points, width}, around(w));
      const ValueId squares =
          i.let({"sq_dist", "distances"},
                i.either({"$0[:, :, None] ** 2 + $1[:, None, :] ** 2",
                          "jnp.square($0)[:, :, None] + jnp.square($1)[:, None, :]"}),
                {dy, dx}, {points, height, width}, {0, h * h});
      const ValueId maps = i.let({"heatmaps", "bumps"}, "jnp.exp(-$0 / (2 * $1**2))",
                                 {squares, width_of}, {points, height, width}, {0, 1});
      if (i.chance(0.5))
        i.let({"combined", "density"},
              i.either({"jnp.max($0, axis=0)", "jnp.sum($0, axis=0)",
                        "1.0 - jnp.prod(1.0 - $0, axis=0)"}),
              {maps}, {height, width}, {0, 2});
      return;
    }
    const ValueId maps =
        i.input({"heatmaps", "maps", "logits"}, {points, height, width}, around(3));
    i.called({"spatial_softmax", "soft_argmax", "expected_coordinates"});
    i.summary("Turn heat maps into expected coordinates.");
    ValueId flat = i.let({"flat", "scores"},
                         i.either({fmt::format("$0.reshape({}, {})", points, height * width),
                                   "$0.reshape($0.shape[0], -1)"}),
                         {maps}, {points, height * width}, around(3));
    if (i.chance(0.5)) {
      const ValueId heat = i.input({"temperature", "tau"}, Shape{}, {0.4, 2});
      flat = i.let({"tempered", "scaled"}, "$0 / $1", {flat, heat}, i.shape(flat), around(6));
    }
    const ValueId probs = softmax(i, {"probs", "weights"}, flat, -1);
    const ValueId grid =
        i.let({"grid", "mass"},
              i.either({"$0.reshape($1.shape)",
                        fmt::format("$0.reshape({}, {}, {})", points, height, width)}),
              {probs, maps}, {points, height, width}, {0, 1});
    const auto rows = axis({"ys", "row_coords"}, height);
    const auto columns = axis({"xs", "col_coords"}, width);
    const ValueId ys = i.let(rows.first, rows.second, {maps}, {height}, {-1, h});
    const ValueId xs = i.let(columns.first, columns.second, {maps}, {width}, {-1, w});
    const bool marginal = i.chance(0.5);
    const ValueId y = i.let(
        {"y", "row"}, marginal ? "jnp.sum($0, axis=2) @ $1" : "jnp.einsum(\"khw,h->k\", $0, $1)",
        {grid, ys}, {points}, {-1, h});
    const ValueId x = i.let(
        {"x", "col"}, marginal ? "jnp.sum($0, axis=1) @ $1" : "jnp.einsum(\"khw,w->k\", $0, $1)",
        {grid, xs}, {points}, {-1, w});
    i.let({"coords", "keypoints"},
          i.either({"jnp.stack([$0, $1], axis=-1)", "jnp.stack([$1, $0], axis=1)"}), {y, x},
          {points, 2}, {-1, h});
    if (i.chance(0.3)) {
      if (i.chance(0.5))
        i.let({"entropy", "uncertainty"}, "-jnp.sum($0 * jnp.log($0 + 1e-6), axis=-1)", {probs},
              {points}, {0, 4});
      else
        i.let({"certainty", "peak_mass"}, "jnp.max($0, axis=-1)", {probs}, {points}, {0, 1});
    }
  });
}

// How much boxes overlap, given by centres and sizes: every pair by jax.vmap; the share of the
// union or of the smaller hull (GIoU).
Op box_overlap() {
  return idiom("box_overlap", kVectorization, 1.1, kSmooth, [](Idiom& i) {
    const std::int64_t n = i.size(), m = i.size();
    const bool generalized = i.chance(0.35), helper = i.chance(0.6);
    const Shape pair = {2};
    i.called({generalized ? "generalized_iou" : "pairwise_iou", "box_overlaps", "overlap_matrix"});
    i.summary("Measure how much every pair of boxes overlaps.");
    const ValueId centers_a = i.input({"centers_a", "box_centers", "pred_centers"}, {n, 2}, {1, 4});
    const ValueId sizes_a = i.input({"sizes_a", "box_sizes", "pred_sizes"}, {n, 2}, {1.5, 4});
    const ValueId centers_b =
        i.input({"centers_b", "target_centers", "true_centers"}, {m, 2}, {1, 4});
    const ValueId sizes_b = i.input({"sizes_b", "target_sizes", "true_sizes"}, {m, 2}, {1.5, 4});
    const auto corners = [&](const std::string& tail, ValueId center, ValueId size,
                             std::int64_t count) {
      const ValueId low =
          i.let({"low_" + tail, "min_" + tail}, i.either({"$0 - $1 / 2", "$0 - 0.5 * $1"}),
                {center, size}, {count, 2}, {-1, 4});
      const ValueId high =
          i.let({"high_" + tail, "max_" + tail}, i.either({"$0 + $1 / 2", "$0 + 0.5 * $1"}),
                {center, size}, {count, 2}, {1, 6});
      return i.let({"boxes_" + tail}, "jnp.concatenate([$0, $1], axis=1)", {low, high}, {count, 4},
                   {-1, 6});
    };
    const ValueId boxes_a = corners("a", centers_a, sizes_a, n);
    const ValueId boxes_b = corners("b", centers_b, sizes_b, m);
    const Type box = {i.real(), {4}};
    const std::vector<Idiom::Part> parameters = {{{"a", "box"}, box, {-1, 6}},
                                                 {{"b", "other"}, box, {-1, 6}}};
    const auto overlap = [&](const Ids& p) {
      const ValueId low =
          i.let({"low", "top_left"}, "jnp.maximum($0[:2], $1[:2])", {p[0], p[1]}, pair, {-1, 4});
      const ValueId high = i.let({"high", "bottom_right"}, "jnp.minimum($0[2:], $1[2:])",
                                 {p[0], p[1]}, pair, {1, 6});
      const ValueId shared =
          i.let({"shared", "intersection"},
                i.either({"jnp.prod(jnp.maximum($0 - $1, 0))", "jnp.prod(jnp.clip($0 - $1, 0))"}),
                {high, low}, Shape{}, {0, 9});
      const ValueId area_a =
          i.let({"area_a"}, "jnp.prod($0[2:] - $0[:2])", {p[0]}, Shape{}, {2, 16});
      const ValueId area_b =
          i.let({"area_b"}, "jnp.prod($0[2:] - $0[:2])", {p[1]}, Shape{}, {2, 16});
      const ValueId joined =
          i.let({"union", "joined"}, "$0 + $1 - $2", {area_a, area_b, shared}, Shape{}, {2, 30});
      const ValueId iou = i.let({"iou", "share"}, "$0 / $1", {shared, joined}, Shape{}, {0, 1});
      if (!generalized) return Ids{iou};
      const ValueId hull =
          i.let({"hull", "enclosing"},
                "jnp.prod(jnp.maximum($0[2:], $1[2:]) - jnp.minimum($0[:2], $1[:2]))", {p[0], p[1]},
                Shape{}, {3, 40});
      return Ids{
          i.let({"giou", "score"}, "$0 - ($1 - $2) / $1", {iou, hull, joined}, Shape{}, around(1))};
    };
    const Words names = {"box_iou", "overlap", "pair_score"};
    const BodyId one =
        helper ? i.helper(names, "The overlap of two boxes by their corners.", parameters, overlap)
               : i.function(names, parameters, overlap);
    const ValueId all =
        i.let({"ious", "overlaps"},
              i.either({"jax.vmap(jax.vmap($f0, in_axes=(None, 0)), in_axes=(0, None))($0, $1)",
                        "jax.vmap(lambda a: jax.vmap(lambda b: $f0(a, b))($1))($0)"}),
              {boxes_a, boxes_b}, {one}, Type{i.real(), {n, m}}, {-1, 1});
    if (!i.chance(0.4)) return;
    i.called({"best_overlaps", "match_quality", "box_overlaps"});
    i.summary("Give how much each box overlaps with the one that fits it best.");
    i.let({"best", "quality"}, i.either({"jnp.max($0, axis=1)", "$0.max(axis=1)"}), {all}, {n},
          {-1, 1});
  });
}

}  // namespace

std::vector<Op> vision_geometry_idioms() {
  return {crop(),      augment_batch(), bilinear_sampling(), resize_image(), shifted_windows(),
          keypoints(), box_overlap()};
}

}  // namespace jaxsmith::plan
