// jax.scipy.signal, ndimage, cluster, optimize, interpolate and spatial; jax.image; jax.ops.
#include <fmt/format.h>

#include <algorithm>

#include "plan/jax/call_forms.h"
#include "plan/jax/catalogue.h"
#include "plan/jax/op_helpers.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;

// ---- Convolutions ----

std::string mode_option(Idiom& i, const std::string& mode) {
  if (mode == "full" && i.chance(0.6)) return {};
  return i.either({", mode=", ", mode=", ", "}) + "\"" + mode + "\"";
}

Op convolution(const std::string& function, int rank) {
  return written("signal_" + function, kLinearAlgebra, 0.5, kSmooth, [=](Idiom& i) {
    const bool transforms = function == "fftconvolve";
    if (half_precision(i) && transforms) return i.fail();
    const int dims = rank == 1 && i.chance(0.2) ? 2 : rank;
    Shape shape, taps, out;
    const std::string mode = i.either({"full", "same", "same", "valid"});
    const bool rows = transforms && dims == 2 && i.chance(0.5);
    for (int d = 0; d < dims; ++d) {
      const std::int64_t k = i.between(2, 4), n = k + i.between(1, 8);
      shape.push_back(n);
      taps.push_back(rows && d == 0 ? n : k);
      out.push_back(rows && d == 0 ? n : convolved_length(mode, n, k));
    }
    const ValueId x =
        i.input(dims == 2 ? Words{"image", "grid", "field"} : Words{"signal", "series", "trace"},
                shape, {-3, 3});
    const ValueId h = i.input({"kernel", "taps", "template", "window"}, taps, {-1.5, 1.5});
    std::string options = mode_option(i, mode);
    if (rows) options += ", axes=1";
    const bool has_method = function == "convolve" || function == "correlate";
    if (has_method && !half_precision(i) && i.chance(0.4))
      options += i.either({", method=\"direct\"", ", method=\"fft\"", ", method=\"auto\""});
    const bool correlates = function.starts_with("corr");
    i.let(correlates ? Words{"correlation", "matches", "similarity"}
                     : Words{"filtered", "smoothed", "convolved"},
          scipy_prefix(i) + "signal." + function + "($0, $1" + options + ")", {x, h}, out,
          {-12, 12});
  });
}

// ---- Spectra ----

Op detrend() {
  return written("signal_detrend", kReduction, 0.5, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const ValueId x = i.anchor({"signal", "series", "readings"}, 1, 2, {-6, 6});
    for (const std::int64_t n : i.shape(x))
      if (n < 4) return i.fail();
    std::string options;
    if (i.rank(x) > 1 || i.chance(0.2))
      options += fmt::format(", axis={}", i.between(-1, i.rank(x) - 2));
    options += i.either({"", "", ", type=\"linear\"", ", type=\"constant\""});
    i.let({"detrended", "residual"}, scipy_prefix(i) + "signal.detrend($0" + options + ")", {x},
          i.shape(x), {-5, 5});
  });
}

struct Frames {
  std::int64_t length, window, hop;
};

Frames frames(Idiom& i) {
  const std::int64_t window = i.random().pick(std::vector<std::int64_t>{4, 8, 8, 16});
  return {window * i.between(2, 5), window, window / 2};
}

std::string window_option(Idiom& i) {
  return i.either({"", "", ", window=\"hann\"", ", window=\"hamming\"", ", window=\"boxcar\""});
}

// Welch's estimate of a power spectrum; of two signals their cross spectrum.
Op spectrum(bool cross) {
  return written(cross ? "signal_csd" : "signal_welch", kReduction, 0.5, kSmooth, [=](Idiom& i) {
    if (!single_precision(i)) return i.fail();
    const Frames f = frames(i);
    Shape shape = {f.length};
    if (i.chance(0.25)) shape.insert(shape.begin(), i.between(2, 3));
    const ValueId x = i.input({"signal", "trace", "recording"}, shape, {-3, 3});
    Ids operands = {x};
    if (cross)
      operands.push_back(i.input({"reference", "other_signal", "response"}, shape, {-3, 3}));
    std::string options = i.either({"", "", ", fs=10.0", ", fs=100.0"});
    const double rate = options.empty() ? 1 : options == ", fs=10.0" ? 10 : 100;
    options += window_option(i) + fmt::format(", nperseg={}", f.window);
    if (i.chance(0.3)) options += fmt::format(", noverlap={}", f.hop);
    options += i.either({"", "", ", detrend=\"linear\"", ", detrend=False"});
    const bool power = i.chance(0.25);
    if (power) options += ", scaling=\"spectrum\"";
    if (i.chance(0.15)) options += ", average=\"median\"";
    shape.back() = f.window / 2 + 1;
    const std::string call =
        scipy_prefix(i) + "signal." + (cross ? "csd($0, $1" : "welch($0") + options + ")";
    const double top = power ? 1.5 : 12 / rate;
    if (cross) {
      i.let({"cross_spectrum", "cross_power"}, "jnp.abs(" + call + "[1])", operands, shape,
            {0, top});
      return;
    }
    if (i.chance(0.5)) {
      i.let({"power", "density"}, call + "[1]", operands, shape, {0, top});
    } else {
      i.unpack(call, operands, {},
               {{{}, {i.real(), {shape.back()}}, {0, rate}},
                {{"power", "density"}, {i.real(), shape}, {0, top}}});
    }
  });
}

// A short-time transform, and back: magnitudes, or a filter of frequencies.
Op short_time(bool inverse) {
  return written(
      inverse ? "signal_istft" : "signal_stft", kLinearAlgebra, 0.5, kSmooth, [=](Idiom& i) {
        if (!single_precision(i) || !i.builder().allowed(DType::kC64)) return i.fail();
        const Frames f = frames(i);
        const ValueId x = i.input({"signal", "audio", "trace"}, {f.length}, {-2, 2});
        const std::string options = window_option(i) + fmt::format(", nperseg={}", f.window);
        const std::string stft = scipy_prefix(i) + "signal.stft($0" + options + ")[2]";
        const Shape shape = {f.window / 2 + 1, f.length / f.hop + 1};
        if (!inverse) {
          if (i.chance(0.6))
            i.let({"magnitude", "spectrogram"}, "jnp.abs(" + stft + ")", {x}, shape, {0, 1});
          else
            i.let({"spectrogram", "frames"}, stft, {x}, Type{DType::kC64, shape}, {0, 1});
          return;
        }
        const ValueId frames =
            i.let({"spectrogram", "frames"}, stft, {x}, Type{DType::kC64, shape}, {0, 1});
        const ValueId gain = i.input({"gains", "filter_gains", "mask"}, {shape[0]}, {0.1, 1});
        const ValueId kept = i.let({"filtered", "masked"}, "$0 * $1[:, None]", {frames, gain},
                                   Type{DType::kC64, shape}, {0, 1});
        i.let({"restored", "denoised"}, scipy_prefix(i) + "signal.istft($0" + options + ")[1]",
              {kept}, {f.length}, {-2, 2});
      });
}

// ---- Images ----

Op map_coordinates() {
  return written("ndimage_map_coordinates", kIndexing, 0.5, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const int rank = i.chance(0.75) ? 2 : 1;
    Shape shape;
    for (int d = 0; d < rank; ++d) shape.push_back(std::max<std::int64_t>(3, i.size()));
    const ValueId image =
        i.input(rank == 2 ? Words{"image", "grid"} : Words{"samples", "table"}, shape, {-2, 2});
    const Shape points = drawn_shape(i, 1, 2);
    Ids operands = {image};
    std::string list;
    for (int d = 0; d < rank; ++d) {
      const double top = static_cast<double>(shape[static_cast<std::size_t>(d)]);
      operands.push_back(
          i.input(d == 0 ? Words{"rows", "ys"} : Words{"cols", "xs"}, points, {-0.8, top - 0.3}));
      list += fmt::format("{}${}", d ? ", " : "", d + 1);
    }
    const int order = i.chance(0.75) ? 1 : 0;
    std::string options =
        i.chance(0.4) ? fmt::format(", order={}", order) : fmt::format(", {}", order);
    options += i.either({"", "", ", mode=\"nearest\"", ", mode=\"mirror\"", ", mode=\"wrap\"",
                         ", mode=\"reflect\"", ", cval=1.0"});
    const ValueId y =
        i.let({"sampled", "warped", "interpolated"},
              scipy_prefix(i) + "ndimage.map_coordinates($0, [" + list + "]" + options + ")",
              operands, points, {-2, 2});
    // The nearest one has no place between.
    if (order == 0) hide_if_few(i, y, 6);
  });
}

Op scale_and_translate() {
  return written("image_scale_and_translate", kLinearAlgebra, 0.8, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const bool channels = i.chance(0.4);
    Shape shape = {i.between(4, 8), i.between(4, 8)};
    Shape target = {i.between(4, 9), i.between(4, 9)};
    if (channels) {
      const std::int64_t n = i.between(2, 3);
      shape.push_back(n);
      target.push_back(n);
    }
    const ValueId image = i.input({"image", "patch", "frame"}, shape, {0, 1});
    const ValueId scale = i.input({"scale", "zoom"}, {2}, {0.7, 1.6});
    const ValueId shift = i.input({"translation", "offset"}, {2}, {-1, 1});
    const std::string method =
        i.either({"\"linear\"", "\"bilinear\"", "\"cubic\"", "\"lanczos3\"", "\"triangle\"",
                  "jax.image.ResizeMethod.LINEAR", "jax.image.ResizeMethod.CUBIC"});
    const std::string options = i.either({"", "", ", antialias=False"});
    const std::string form =
        i.either({"$0, {}, (0, 1), $1, $2, {}{}", "$0, {}, (0, 1), $1, $2, method={}{}",
                  "$0, shape={}, spatial_dims=(0, 1), scale=$1, "
                  "translation=$2, method={}{}"});
    i.let({"warped", "transformed", "aligned"},
          "jax.image.scale_and_translate(" +
              fmt::format(fmt::runtime(form), tuple_text(target), method, options) + ")",
          {image, scale, shift}, target, {-0.3, 1.2});
  });
}

Op resize_method() {
  return written("image_resize_method", kLinearAlgebra, 0.4, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const ValueId image = i.anchor({"image", "frame", "feature_map"}, 2, 3, {-3, 3});
    Shape shape = i.shape(image);
    shape[0] += i.between(-1, 6);
    shape[1] += i.between(-1, 6);
    const std::string method = i.either({"LINEAR", "CUBIC", "LANCZOS3", "LANCZOS5", "NEAREST"});
    i.let({"resized", "upsampled", "rescaled"},
          fmt::format("jax.image.resize($0, {}, {}jax.image.ResizeMethod.{})", tuple_text(shape),
                      i.either({"", "method="}), method),
          {image}, shape, {-3, 3});
  });
}

// ---- Segments ----

Op segment(const std::string& kind) {
  constexpr std::int64_t kMostListed = 12;
  return written(
      "ops_segment_" + kind, kReduction, 0.4, kind == "prod" ? kNone : kSmooth, [=](Idiom& i) {
        const ValueId x = i.anchor({"data", "messages", "values"}, 1, 2, {-3, 3});
        if (i.dim(x, 0) < 4) return i.fail();
        const std::int64_t n = i.dim(x, 0), groups = i.between(2, n / 2);
        // Each segment has an element: the extreme of none is infinite.
        const bool sorted = i.chance(0.5);
        std::string ids;
        for (std::int64_t k = 0; k < n; ++k)
          ids += fmt::format("{}{}", k ? ", " : "", sorted ? k * groups / n : k % groups);
        // Nobody writes out many.
        const bool listed = (sorted || i.chance(0.5)) && n <= kMostListed;
        const std::string segments = listed ? "jnp.array([" + ids + "])"
                                     : sorted
                                         ? fmt::format("jnp.arange({}) * {} // {}", n, groups, n)
                                         : fmt::format("jnp.arange({}) % {}", n, groups);
        std::string options = fmt::format(", num_segments={}", groups);
        if (i.chance(0.2)) options = fmt::format(", {}", groups);
        if (sorted && i.chance(0.5)) options += ", indices_are_sorted=True";
        Shape shape = i.shape(x);
        shape[0] = groups;
        const double share = static_cast<double>(n) / static_cast<double>(groups);
        const Interval range = kind == "sum"    ? Interval{-2 * share, 2 * share}
                               : kind == "prod" ? Interval{-20, 20}
                                                : Interval{-3, 3};
        i.let({"pooled", "by_segment", "aggregated"},
              fmt::format("jax.ops.segment_{}($0, {}{})", kind, segments, options), {x}, shape,
              range);
      });
}

// ---- Clusters, minima, tables, rotations ----

Op vq() {
  return written("cluster_vq", kIndexing, 0.5, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t d = i.between(2, 4), k = i.between(2, 5);
    const std::int64_t n = std::max<std::int64_t>(4, i.size());
    const ValueId x = i.input({"observations", "points", "features"}, {n, d}, {-2, 2});
    const ValueId book = i.input({"code_book", "centroids", "codes"}, {k, d}, {-2, 2});
    const std::string call = scipy_prefix(i) + "cluster.vq.vq($0, $1)";
    const Type codes{i.integer(), {n}};
    const Interval places = {0, static_cast<double>(k - 1)};
    if (i.chance(0.5)) {
      i.unpack(call, {x, book}, {},
               {{{"assignments", "nearest"}, codes, places},
                {{"distances", "errors"}, {i.real(), {n}}, {0.1, 4}}});
      return;
    }
    i.let({"distances", "distortion"}, call + "[1]", {x, book}, {n}, {0.1, 4});
  });
}

// The minimum of a bowl that isn't quite one, from a start that is given.
Op minimize() {
  return written("optimize_minimize", kLoop, 1.6, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = std::min<std::int64_t>(i.size(), 5);
    const ValueId start = i.input({"start", "x0", "initial"}, {n}, {-1, 1});
    const ValueId target = i.input({"target", "center", "observed"}, {n}, {-2, 2});
    // Of a bowl that is no parabola a few steps leave something of the start; where it is steep the
    // first of them goes too far, and the line search has to look.
    const std::string bowl = i.either(
        {"jnp.sum(jnp.cosh(2.0 * ($0 - $1)))", "jnp.sum(4.0 * ($0 - $1) ** 2 + 0.5 * $0**4)",
         "3.0 * jnp.sum(jnp.square($0 - $1)) + jnp.sum(jnp.cos(2.0 * $0))",
         "jnp.sum(0.5 * ($0 - $1) ** 4 + ($0 - $1) ** 2)"});
    const BodyId objective =
        i.function({"objective", "loss", "energy"},
                   {{{"w", "params", "theta"}, {i.real(), {n}}, {-2, 2}}}, [&](const Ids& p) {
                     return Ids{i.let({"value", "cost"}, bowl, {p[0], target}, Shape{}, {0.5, 9})};
                   });
    const std::string options = fmt::format("options={{\"maxiter\": {}}}", i.between(1, 3));
    i.let({"fitted", "minimizer", "solution"},
          fmt::format("minimize($f0, $0, method=\"BFGS\", {}).x", options), {start},
          std::vector<BodyId>{objective}, Type{i.real(), {n}}, {-2, 2});
  });
}

Op regular_grid() {
  return written("interpolate_grid", kIndexing, 0.6, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const int rank = static_cast<int>(i.between(1, 2));
    const std::int64_t count = i.size();
    Shape shape;
    std::string axes;
    for (int d = 0; d < rank; ++d) {
      const std::int64_t n = i.between(3, 8);
      shape.push_back(n);
      axes += fmt::format("jnp.linspace(0.0, 1.0, {}, dtype=$0.dtype), ", n);
    }
    if (rank > 1) axes = axes.substr(0, axes.size() - 2);
    const ValueId values = i.input({"values", "table", "grid"}, shape, {-2, 2});
    const ValueId points = i.input({"points", "queries"}, {count, rank}, {0.02, 0.98});
    const bool nearest = i.chance(0.25);
    const std::string options =
        i.either({"", "", ", bounds_error=False", ", fill_value=None", ", fill_value=0.0"});
    const ValueId y =
        i.let({"interpolated", "looked_up"},
              "RegularGridInterpolator((" + axes + "), $0" +
                  (nearest ? ", method=\"nearest\"" : i.either({"", ", method=\"linear\""})) +
                  options + ")($1)",
              {values, points}, {count}, {-2, 2});
    if (nearest) hide_if_few(i, y, 6);
  });
}

// A rotation by one of its forms, and what is asked of it.
std::string rotation(Idiom& i, ValueId& out, bool several, std::int64_t n,
                     const std::string& hole) {
  const auto shape = [&](std::int64_t width) { return several ? Shape{n, width} : Shape{width}; };
  switch (i.between(0, 3)) {
    case 0:
      out = i.input({"quaternions", "quats", "q"}, shape(4), {0.2, 1});
      return "Rotation.from_quat(" + hole + ")";
    case 1: {
      const std::string order = i.either({"xyz", "ZYX", "zxz"});
      const bool degrees = i.chance(0.3);
      out = i.input({"angles", "euler_angles"}, shape(3),
                    degrees ? Interval{-80, 80} : Interval{-1.4, 1.4});
      return "Rotation.from_euler(\"" + order + "\", " + hole + (degrees ? ", degrees=True)" : ")");
    }
    default:
      out = i.input({"rotation_vectors", "rotvec", "axis_angle"}, shape(3), {-1, 1});
      return "Rotation.from_rotvec(" + hole + ")";
  }
}

Op rotations() {
  return written("spatial_rotation", kLinearAlgebra, 0.6, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const bool several = i.chance(0.5);
    const std::int64_t n = i.size();
    ValueId from = kNoValue, other = kNoValue;
    const std::string first = rotation(i, from, several, n, "$0");
    const auto shape = [&](Shape of) {
      if (several) of.insert(of.begin(), n);
      return of;
    };
    switch (i.between(0, 5)) {
      case 0:
        i.let({"rotation", "matrix"}, first + ".as_matrix()", {from}, shape({3, 3}), {-1, 1});
        break;
      case 1:
        i.let({"quaternion", "q_out"}, first + ".as_quat()", {from}, shape({4}), {-1, 1});
        break;
      case 2:
        i.let({"angle", "magnitude"}, first + ".magnitude()", {from}, shape({}), {0.1, 3});
        break;
      case 3: {
        const std::string second = rotation(i, other, several, n, "$1");
        const bool matrix = i.chance(0.5);
        i.let({"composed", "relative"},
              "(" + first + " * " + second + (matrix ? ").as_matrix()" : ").as_quat()"),
              {from, other}, matrix ? shape({3, 3}) : shape({4}), {-1, 1});
        break;
      }
      default: {
        const Shape points = several ? Shape{n, 3} : Shape{i.size(), 3};
        const ValueId v = i.input({"points", "vectors"}, points, {-2, 2});
        i.let({"rotated", "turned"},
              first + ".apply($1" + i.either({"", "", ", inverse=True"}) + ")", {from, v}, points,
              {-3, 3});
      }
    }
  });
}

Op slerp() {
  return written("spatial_slerp", kLinearAlgebra, 0.5, kSmooth, [](Idiom& i) {
    if (half_precision(i) || i.real() != i.builder().default_real()) return i.fail();
    const std::int64_t n = i.between(3, 5), m = i.size();
    const ValueId from = i.input({"keyframes", "rotation_vectors"}, {n, 3}, {-1, 1});
    const ValueId at =
        i.input({"times", "query_times"}, {m}, {0.05, static_cast<double>(n) - 1.05});
    std::string knots;
    for (std::int64_t k = 0; k < n; ++k) knots += fmt::format("{}{}.0", k ? ", " : "", k);
    const bool matrix = i.chance(0.5);
    i.let({"interpolated", "poses", "path"},
          "Slerp.init(jnp.array([" + knots + "]), Rotation.from_rotvec($0))($1)" +
              (matrix ? ".as_matrix()" : ".as_rotvec()"),
          {from, at}, matrix ? Shape{m, 3, 3} : Shape{m, 3}, {-1, 1});
  });
}

Op trapezoid() {
  return written("integrate_trapezoid", kReduction, 0.4, kSmooth, [](Idiom& i) {
    const ValueId y = i.anchor({"y", "integrand", "samples"}, 1, 2, {-3, 3});
    const auto axis = i.between(-1, i.rank(y) - 2);
    std::string options = i.either({"", ", dx=0.1", ", dx=0.5", ", dx=0.25"});
    if (i.rank(y) > 1) options += fmt::format(", axis={}", axis);
    i.let({"integral", "area"}, scipy_prefix(i) + "integrate.trapezoid($0" + options + ")", {y},
          i.without_axis(y, static_cast<int>(axis)), {-3, 3});
  });
}

}  // namespace

std::vector<Op> scipy_signal_ops() {
  std::vector<Op> out = {convolution("convolve", 1),
                         convolution("correlate", 1),
                         convolution("fftconvolve", 1),
                         convolution("convolve2d", 2),
                         convolution("correlate2d", 2),
                         detrend(),
                         spectrum(false),
                         spectrum(true),
                         short_time(false),
                         short_time(true),
                         map_coordinates(),
                         scale_and_translate(),
                         resize_method(),
                         vq(),
                         minimize(),
                         regular_grid(),
                         rotations(),
                         slerp(),
                         trapezoid()};
  for (const char* kind : {"max", "min", "sum", "prod"}) out.push_back(segment(kind));
  return out;
}

}  // namespace jaxsmith::plan
