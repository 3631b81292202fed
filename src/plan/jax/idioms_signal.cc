// Signals: spectra and filters, frames and features of sound, recursive filters, state estimates.
#include <fmt/format.h>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;
using Part = Idiom::Part;

// Fourier transforms of programs in f32 alone: others give types that programs do not hold.
void needs_spectra(Idiom& i) {
  if (!single_precision(i)) i.fail();
}

ValueId signal(Idiom& i, int least_rank, int most_rank, std::int64_t least) {
  const ValueId x =
      i.anchor({"signal", "x", "waveform", "samples"}, least_rank, most_rank, {-2, 2});
  if (i.dim(x, -1) < least) i.fail();
  return x;
}

// A filter in the frequency domain: a brick wall, Butterworth's or Gauss's response; low, high or a
// band; or Wiener's gain by the signal's own spectrum.
Op spectral_filter() {
  return idiom("spectral_filter", kMath, 1.1, kSmooth, [](Idiom& i) {
    needs_spectra(i);
    const ValueId x = signal(i, 1, 2, 4);
    const std::int64_t n = i.dim(x, -1), bins = n / 2 + 1;
    const auto kind = i.between(0, 3), side = i.between(0, 2);
    static const Words kSides = {"low_pass", "high_pass", "band_pass"};
    const std::string name = kind == 3 ? "wiener_filter" : kSides[static_cast<std::size_t>(side)];
    i.called({name, "filter_spectrum", kind == 2 ? "gaussian_filter" : "fft_filter"});
    i.summary(kind == 3 ? "Weigh each frequency by how far it stands above noise."
                        : "Filter a signal in the frequency domain.");
    const Shape half_shape = i.with_last(x, bins);
    const ValueId spectrum =
        i.let({"spectrum", "coeffs"}, i.either({"jnp.fft.rfft($0)", "jnp.fft.rfft($0, axis=-1)"}),
              {x}, Type{DType::kC64, half_shape}, {0, 8});
    ValueId gain;
    Shape shape{bins};
    if (kind == 3) {
      const Term noise = constant(i, "noise", {"noise_power", "noise"}, {0.5, 1, 2});
      shape = half_shape;
      const ValueId power = i.let({"power", "periodogram"},
                                  i.either({"jnp.abs($0) ** 2", "($0 * jnp.conj($0)).real",
                                            "jnp.square($0.real) + jnp.square($0.imag)"}),
                                  {spectrum}, shape, {0, 40});
      gain =
          let(i, {"gain", "wiener"}, "{p} / ({p} + {noise})", {{"p", power}, noise}, shape, {0, 1});
    } else {
      const ValueId f = i.let(
          {"freqs", "f"},
          i.either({"jnp.fft.rfftfreq($0.shape[-1])", fmt::format("jnp.arange({}) / {}", bins, n)}),
          {x}, shape, {0, 0.5});
      const Term cut = constant(i, "cut", {"cutoff", "fc"}, {0.2, 0.25, 0.15}, kind == 0 ? 0 : 0.4);
      const std::string wide = kind == 0 ? "0.1" : i.either({"0.1", "0.05"}),
                        order = i.either({"2", "4", "8"});
      const Terms terms = {{"f", f}, cut};
      if (kind == 0) {
        if (side == 2 && n < 6) return i.fail();  // no frequency might lie in the band
        const ValueId pass = let(i, {"keep", "passband"},
                                 side == 0   ? "{f} <= {cut}"
                                 : side == 1 ? "{f} > {cut}"
                                             : "jnp.abs({f} - {cut}) < " + wide,
                                 terms, Type{DType::kBool, shape}, {0, 1});
        i.let({"filtered"},
              fmt::format(fmt::runtime(i.either({"jnp.fft.irfft(jnp.where($0, $1, 0.0), n={})",
                                                 "jnp.fft.irfft($0 * $1, n={})"})),
                          n),
              {pass, spectrum}, i.shape(x), {-2, 2});
        return;
      }
      const std::string low = kind == 2 ? "jnp.exp(-0.5 * ({f} / {cut}) ** 2)"
                                        : "1.0 / jnp.sqrt(1.0 + ({f} / {cut}) ** " + order + ")";
      const std::string half = order == "2" ? "" : order == "4" ? " ** 2" : " ** 4";
      const std::string high =
          kind == 2 ? "1.0 - " + low
                    : "({f} / {cut})" + half + " / jnp.sqrt(1.0 + ({f} / {cut}) ** " + order + ")";
      const std::string form = side == 0   ? low
                               : side == 1 ? high
                                           : "jnp.exp(-((({f} - {cut}) / " + wide + ") ** 2))";
      gain = let(i, {"gain", "response"}, form, terms, shape, {0, 1});
    }
    i.let({"filtered", "smoothed"},
          fmt::format(fmt::runtime(
                          i.either({"jnp.fft.irfft($0 * $1, n={})", "jnp.fft.irfft($1 * $0, {})"})),
                      n),
          {gain, spectrum}, i.shape(x), {-2, 2});
  });
}

// Autocorrelation by the power spectrum, by a full correlation or lag by lag.
Op autocorrelation() {
  return idiom("autocorrelation", kReduction, 0.9, kSmooth, [](Idiom& i) {
    const auto way = i.real() == DType::kF32 ? i.between(0, 2)
                     : half_precision(i)     ? 2
                                             : i.between(1, 2);
    const ValueId x = signal(i, 1, 1, 5);
    const std::int64_t n = i.dim(x, 0),
                       lags = way == 2 ? i.between(3, std::min<std::int64_t>(n - 1, 6)) : n;
    i.called({"autocorrelation", "acf", "self_similarity"});
    const bool padded = way == 0 && i.chance(0.6), ring = way == 2 ? lags > 4 : way == 0 && !padded;
    i.summary(ring ? "Correlate a signal with itself around a ring, at each lag."
                   : "Correlate a signal with itself at each lag.");
    const ValueId c = i.let({"centered", "anomaly"},
                            i.either({"$0 - jnp.mean($0)", "$0 - $0.mean()"}), {x}, {n}, {-3, 3});
    ValueId r;
    if (way == 0) {
      const std::int64_t m = padded ? 2 * n : n;
      const ValueId power = i.let({"power"},
                                  padded ? fmt::format("jnp.abs(jnp.fft.rfft($0, n={})) ** 2", m)
                                         : "jnp.abs(jnp.fft.rfft($0)) ** 2",
                                  {c}, {m / 2 + 1}, {0, 40});
      r = i.let({"covariance", "acov"}, fmt::format("jnp.fft.irfft($0, n={})[:{}] / {}", m, n, n),
                {power}, {n}, {-1, 2});
    } else if (way == 1) {
      r = i.let({"covariance", "acov"},
                fmt::format("jnp.correlate($0, $0, mode=\"full\")[{}:] / {}", n - 1, n), {c}, {n},
                {-1, 2});
    } else {
      std::string parts;
      for (std::int64_t k = 0; k < lags; ++k)
        parts += k == 0 ? "jnp.mean($0 * $0)" : fmt::format(", jnp.mean($0[{}:] * $0[:-{}])", k, k);
      r = lags <= 4
              ? i.let({"covariance", "acov"}, "jnp.stack([" + parts + "])", {c}, {lags}, {-1, 2})
              : i.let({"covariance", "acov"},
                      fmt::format(
                          "jax.vmap(lambda lag: jnp.mean($0 * jnp.roll($0, lag)))(jnp.arange({}))",
                          lags),
                      {c}, {lags}, {-1, 2});
    }
    if (i.chance(0.7))
      i.let({"correlation", "acf"},
            way == 2 && !ring ? "$0 / $0[0]" : i.either({"$0 / $0[0]", "$0 / jnp.max($0)"}), {r},
            {lags}, {-1, 1});
  });
}

struct Frames {
  ValueId windowed = kNoValue;
  std::int64_t count = 0, size = 0;
};

// A signal cut into overlapping frames under a window.
Frames framed(Idiom& i, ValueId x) {
  Frames out;
  const std::int64_t n = i.dim(x, 0);
  out.size = i.between(4, std::max<std::int64_t>(4, std::min<std::int64_t>(n - 2, 8)));
  const std::int64_t hop = i.between(1, std::max<std::int64_t>(1, out.size / 2));
  out.count = (n - out.size) / hop + 1;
  const ValueId at =
      i.let({"index", "idx"},
            fmt::format("jnp.arange({})[:, None] * {} + jnp.arange({})", out.count, hop, out.size),
            {}, Type{i.integer(), {out.count, out.size}}, {0, static_cast<double>(n)});
  const ValueId frames = i.let({"frames"}, i.either({"$0[$1]", "jnp.take($0, $1)"}), {x, at},
                               {out.count, out.size}, {-2, 2});
  const std::string size = std::to_string(out.size);
  const ValueId window = i.let({"window", "taper"},
                               i.either({"jnp.hanning(" + size + ").astype($0.dtype)",
                                         "jnp.hamming(" + size + ").astype($0.dtype)",
                                         "0.5 - 0.5 * jnp.cos(2.0 * jnp.pi * jnp.arange(" + size +
                                             ", dtype=$0.dtype) / " + size + ")",
                                         "jnp.blackman(" + size + ").astype($0.dtype)"}),
                               {x}, {out.size}, {0, 1});
  out.windowed =
      i.let({"windowed", "tapered"}, "$0 * $1", {frames, window}, {out.count, out.size}, {-2, 2});
  return out;
}

ValueId emphasized(Idiom& i, ValueId x) {
  const std::int64_t n = i.dim(x, 0);
  const std::string c = i.either({"0.97", "0.95", "0.9"});
  return i.let({"emphasized", "bright"},
               i.either({"jnp.concatenate([$0[:1], $0[1:] - " + c + " * $0[:-1]])",
                         "$0.at[1:].add(-" + c + " * $0[:-1])",
                         "$0 - " + c + " * jnp.pad($0[:-1], (1, 0))"}),
               {x}, {n}, {-3, 3});
}

// Spectra of frames [count, bins] as they are, in decibels, averaged or as their centroids.
void spectral_results(Idiom& i, ValueId power, std::int64_t what) {
  const Shape shape = i.shape(power);
  const std::int64_t bins = shape[1];
  if (what == 1) {
    i.called({"welch", "mean_spectrum", "average_frames"});
    i.summary("Average the spectra of windowed frames.");
  } else if (what == 2) {
    i.called({"spectral_centroid", "brightness", "centroid_track"});
    i.summary("Give the center of the spectrum of each windowed frame.");
  } else {
    i.called({"spectrogram", "short_time_spectrum", "frame_spectra"});
    i.summary("Give the spectrum of each windowed frame.");
  }
  if (what == 0) {
    const bool bels = i.chance(0.5);
    i.let(bels ? Words{"decibels", "level"} : Words{"log_power", "log_spectrum"},
          bels
              ? i.either({"10.0 * jnp.log10($0 + 1e-6)", "10.0 * jnp.log10(jnp.maximum($0, 1e-6))"})
              : i.either({"jnp.log($0 + 1e-6)", "jnp.log1p($0)"}),
          {power}, shape, {-60, 15});
  }
  if (what == 1)
    i.let({"density", "welch"}, i.either({"jnp.mean($0, axis=0)", "$0.mean(axis=0)"}), {power},
          {bins}, {0.1, 10});
  if (what == 2) {
    const ValueId k = i.let({"bins", "freqs"}, "jnp.arange($0.shape[-1], dtype=$0.dtype)", {power},
                            {bins}, {0, static_cast<double>(bins)});
    i.let({"centroid", "brightness"},
          i.either({"$0 @ $1 / (jnp.sum($0, axis=-1) + 1e-6)",
                    "jnp.sum($0 * $1, axis=-1) / (jnp.sum($0, axis=-1) + 1e-6)"}),
          {power, k}, {shape[0]}, {0, static_cast<double>(bins)});
  }
}

// Spectra of frames: power, magnitude or decibels; averaged as Welch has it; then bands and a
// cosine transform for features of sound.
Op spectrogram(bool features) {
  return idiom(
      features ? "cepstral_features" : "spectrogram", features ? kLinearAlgebra : kArray, 0.9,
      kSmooth, [features](Idiom& i) {
        needs_spectra(i);
        const ValueId x = signal(i, 1, 1, 7);
        const ValueId source = i.chance(features ? 0.7 : 0.25) ? emphasized(i, x) : x;
        const Frames f = framed(i, source);
        if (f.count < 2) return i.fail();
        const std::int64_t bins = f.size / 2 + 1;
        const Shape shape{f.count, bins};
        const auto what = i.between(0, 3);  // decibels, Welch's mean, centroids, as they are
        const bool magnitude = !features && what > 1 && i.chance(0.4);
        if (features) {
          i.called({"lfcc", "cepstrum", "cepstral_features"});
          i.summary("Turn a waveform into cepstral features.");
        }
        const ValueId power =
            i.let(magnitude ? Words{"magnitude", "spectrum"} : Words{"power", "spectrum"},
                  magnitude ? "jnp.abs(jnp.fft.rfft($0, axis=-1))"
                            : i.either({"jnp.abs(jnp.fft.rfft($0, axis=-1)) ** 2",
                                        "jnp.square(jnp.abs(jnp.fft.rfft($0)))"}),
                  {f.windowed}, shape, {0, 20});
        if (!features) return spectral_results(i, power, what);
        const std::int64_t bands = i.between(2, 4), kept = i.between(2, bands);
        i.comment("Triangles that overlap by half, evenly spread over the bins.");
        const ValueId centers =
            i.let({"centers", "peaks"},
                  fmt::format("jnp.linspace(0.0, {}.0, {})[1:-1]", bins - 1, bands + 2), {},
                  {bands}, {0, static_cast<double>(bins)});
        const ValueId bank = i.let(
            {"filterbank", "bank"},
            fmt::format("jnp.maximum(0.0, 1.0 - jnp.abs(jnp.arange({})[:, None] - $0) * {} / {})",
                        bins, bands + 1, bins - 1),
            {centers}, {bins, bands}, {0, 1});
        const ValueId energy =
            i.let({"band_energy", "bands"},
                  i.either({"$0 @ $1", "jnp.einsum(\"tf,fb->tb\", $0, $1)", "jnp.dot($0, $1)"}),
                  {power, bank}, {f.count, bands}, {0, 20});
        const ValueId logs = i.let(
            {"log_energy", "log_bands"},
            i.either({"jnp.log($0 + 1e-3)", "jnp.log(jnp.maximum($0, 1e-3))", "jnp.log1p($0)"}),
            {energy}, {f.count, bands}, {-6, 4});
        const ValueId dct = i.let(
            {"dct", "cosines"},
            fmt::format("jnp.cos(jnp.pi / {} * (jnp.arange({})[:, None] + 0.5) * jnp.arange({}))",
                        bands, bands, kept),
            {}, {bands, kept}, {-1, 1});
        i.let({"cepstra", "features"}, i.either({"$0 @ $1", "jnp.einsum(\"tb,bc->tc\", $0, $1)"}),
              {logs, dct}, {f.count, kept}, {-20, 12});
      });
}

// The analytic signal: envelope or instantaneous phase by a one-sided spectrum.
Op analytic_signal() {
  return idiom("analytic_signal", kMath, 0.7, kSmooth, [](Idiom& i) {
    needs_spectra(i);
    const ValueId x = signal(i, 1, 2, 5);
    const std::int64_t n = i.dim(x, -1);
    const Type complex{DType::kC64, i.shape(x)};
    const std::string count = std::to_string(n);
    // The highest frequency of an even number of samples has no other half, nor has the mean.
    const std::string mask =
        n % 2 == 0
            ? i.either(
                  {fmt::format("jnp.zeros({0}).at[0].set(1.0).at[1:{1}].set(2.0).at[{1}].set(1.0)",
                               n, n / 2),
                   fmt::format("jnp.where(jnp.arange({0}) % {1} == 0, 1.0, "
                               "jnp.where(jnp.arange({0}) < {1}, 2.0, 0.0))",
                               n, n / 2)})
            : i.either({"jnp.where(jnp.fft.fftfreq(" + count +
                            ") > 0, 2.0, jnp.where(jnp.fft.fftfreq(" + count + ") == 0, 1.0, 0.0))",
                        fmt::format("jnp.zeros({}).at[0].set(1.0).at[1:{}].set(2.0)", n, n / 2 + 1),
                        fmt::format("jnp.where(jnp.arange({0}) == 0, 1.0, "
                                    "jnp.where(jnp.arange({0}) < {1}, 2.0, 0.0))",
                                    n, n / 2 + 1)});
    const ValueId gain = i.let({"one_sided", "step"}, mask, {}, {n}, {0, 2});
    const ValueId z = i.let({"analytic", "z"},
                            i.either({"jnp.fft.ifft(jnp.fft.fft($0) * $1)",
                                      "jnp.fft.ifft($1 * jnp.fft.fft($0, axis=-1), axis=-1)"}),
                            {x, gain}, complex, {0.2, 3});
    const auto what = i.between(0, 2);
    i.called({what == 1 ? "quadrature" : "envelope", "analytic_signal",
              what == 0   ? "amplitude_envelope"
              : what == 1 ? "hilbert"
                          : "demodulate"});
    i.summary(what == 1 ? "Give the Hilbert transform of a signal."
                        : "Give the envelope of a signal by its analytic counterpart.");
    if (what != 1)
      i.let({"envelope", "amplitude"},
            i.either({"jnp.abs($0)", "jnp.sqrt($0.real**2 + $0.imag**2)"}), {z}, i.shape(x),
            {0.2, 3});
    if (what == 1)
      i.let({"quadrature", "hilbert"}, i.either({"$0.imag", "jnp.imag($0)"}), {z}, i.shape(x),
            {-2, 2});
    if (what == 2) {
      i.summary("Give amplitude and frequency of a signal from instant to instant.");
      i.let({"turn", "frequency"},
            "jnp.angle($0[..., 1:] * jnp.conj($0[..., :-1])) / (2.0 * jnp.pi)", {z},
            i.with_last(x, n - 1), {-0.5, 0.5});
    }
  });
}

// A moving filter by convolution: moving averages, windowed sinc, binomial or given taps.
Op fir_filter() {
  return idiom("fir_filter", kArray, 0.9, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const bool rows = i.chance(0.35);
    const ValueId x = signal(i, rows ? 2 : 1, rows ? 2 : 1, 6);
    const std::int64_t n = i.dim(x, -1), taps = i.chance(0.5) ? 3 : 5;
    const auto kind = i.between(0, 3);
    const std::string m = std::to_string(taps);
    i.called({kind == 0   ? "moving_average"
              : kind == 1 ? "windowed_sinc"
              : kind == 2 ? "binomial_filter"
                          : "apply_taps",
              "fir_filter", kind == 3 ? "convolve_taps" : "smooth"});
    i.summary("Filter a signal by a few taps.");
    ValueId h;
    if (kind == 0) {
      h = i.let({"taps", "kernel"},
                i.either({"jnp.ones(" + m + ", $0.dtype) / " + m,
                          "jnp.full(" + m + ", 1.0 / " + m + ", $0.dtype)"}),
                {x}, {taps}, {0, 0.4});
    } else if (kind == 1) {
      const std::string cut = i.either({"0.5", "0.4", "0.3"});
      h = i.let({"taps", "kernel"},
                cut + " * jnp.sinc(" + cut + " * (jnp.arange(" + m + ", dtype=$0.dtype) - " +
                    std::to_string(taps / 2) + ")) * jnp.hamming(" + m + ").astype($0.dtype)",
                {x}, {taps}, {-0.1, 0.5});
    } else if (kind == 2) {
      h = i.let({"taps", "kernel"},
                taps == 3 ? "jnp.array([0.25, 0.5, 0.25], $0.dtype)"
                          : "jnp.array([1.0, 4.0, 6.0, 4.0, 1.0], $0.dtype) / 16.0",
                {x}, {taps}, {0, 0.5});
    } else {
      h = i.input({"taps", "kernel", "h"}, Shape{taps}, {-1, 1});
    }
    const std::string mode = i.either({"same", "valid", "full"});
    const std::int64_t out = mode == "same" ? n : mode == "valid" ? n - taps + 1 : n + taps - 1;
    if (rows)
      i.let({"filtered"}, "jax.vmap(lambda row: jnp.convolve(row, $1, mode=\"" + mode + "\"))($0)",
            {x, h}, i.with_last(x, out), {-3, 3});
    else
      i.let({"filtered"}, "jnp.convolve($0, $1, mode=\"" + mode + "\")", {x, h}, {out}, {-3, 3});
  });
}

// Recursive filters by scan: one pole, or a biquad in transposed or direct form.
Op recursive_filter() {
  return idiom("recursive_filter", kLoop, 1.1, kSmooth, [](Idiom& i) {
    const ValueId x = signal(i, 1, 2, 2);
    const Shape one = i.without_axis(x, 0);
    if (i.dim(x, 0) < 4) return i.fail();
    const auto kind = i.between(0, 2);
    const ValueId rest =
        i.let({"rest", "silence"},
              one.empty() ? "jnp.zeros((), $0.dtype)" : "jnp.zeros_like($0[0])", {x}, one, {-2, 2});
    const Interval r{-3, 3};
    i.called({kind == 0 ? "one_pole" : "biquad", "iir_filter", "recursive_filter"});
    i.summary("Filter a signal by feeding its past back.");
    if (kind == 0) {
      const Term a = constant(i, "a", {"pole", "decay", "a"}, {0.9, 0.8, 0.5});
      const bool high = i.chance(0.3);
      if (high) {
        i.called({"one_pole_high_pass", "remove_drift", "leaky_high_pass"});
        i.summary("Take the slow part of a signal off by a one-pole filter.");
      }
      i.scan({"one_pole", "step"}, {{{"y", "level"}, rest, r, {}}}, {{{"x", "sample"}, x}},
             {{"filtered", "output"}}, [&](const Ids& p) {
               const ValueId y = let(
                   i, {"y_next"},
                   i.either({"{a} * {y} + (1.0 - {a}) * {x}", "{y} + (1.0 - {a}) * ({x} - {y})"}),
                   {a, {"y", p[0]}, {"x", p[1]}}, one, r);
               return Ids{y, high ? i.let({"detail"}, "$0 - $1", {p[1], y}, one, r) : y};
             });
      return;
    }
    const Term b0 = constant(i, "b0", {"b0"}, {0.2, 0.3, 0.1}, 0.2),
               b1 = constant(i, "b1", {"b1"}, {0.4, 0.2}, 0.2),
               b2 = constant(i, "b2", {"b2"}, {0.2, 0.1}, 0.1);
    const Term a1 = constant(i, "a1", {"a1"}, {-0.4, -0.6, 0.3}, 0.15),
               a2 = constant(i, "a2", {"a2"}, {0.2, 0.3}, 0.15);
    const Terms taps = {b0, b1, b2, a1, a2};
    if (kind == 1) {
      i.scan({"biquad", "step"}, {{{"z1", "s1"}, rest, r, {}}, {{"z2", "s2"}, rest, r, {}}},
             {{{"x", "sample"}, x}}, {{"filtered", "output"}}, [&](const Ids& p) {
               const Terms terms = with(taps, {{"x", p[2]}, {"z1", p[0]}, {"z2", p[1]}});
               const ValueId y = let(i, {"y"}, "{b0} * {x} + {z1}", terms, one, r);
               const Terms more = with(terms, {{"y", y}});
               const ValueId first =
                   let(i, {"z1_next"}, "{b1} * {x} - {a1} * {y} + {z2}", more, one, r);
               return Ids{first, let(i, {"z2_next"}, "{b2} * {x} - {a2} * {y}", more, one, r), y};
             });
      return;
    }
    i.scan({"biquad", "step"},
           {{{"x1"}, rest, r, {}},
            {{"x2"}, rest, r, {}},
            {{"y1"}, rest, r, {}},
            {{"y2"}, rest, r, {}}},
           {{{"x", "sample"}, x}}, {{"filtered", "output"}}, [&](const Ids& p) {
             const ValueId y = let(
                 i, {"y"}, "{b0} * {x} + {b1} * {x1} + {b2} * {x2} - {a1} * {y1} - {a2} * {y2}",
                 with(taps, {{"x", p[4]}, {"x1", p[0]}, {"x2", p[1]}, {"y1", p[2]}, {"y2", p[3]}}),
                 one, r);
             return Ids{p[4], p[0], y, p[2], y};
           });
  });
}

// Kalman's filter: a level, or position and velocity with matrices; each observation in turn;
// innovations by choice.
Op kalman() {
  return idiom("kalman", kLoop, 1.1, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const bool level = i.chance(0.4);
    const std::int64_t n = size_from(i, 4);
    const ValueId z = i.input({"observations", "measurements", "z"}, Shape{n}, {-2, 2});
    const Term q = constant(i, "q", {"process_noise", "q"}, {0.1, 0.05, 0.2}),
               r = constant(i, "r", {"sensor_noise", "r"}, {0.5, 1, 0.25});
    i.called({level ? "local_level" : "track_velocity", "kalman_filter", "filter_states"});
    i.summary(level ? "Follow a drifting level by Kalman's filter."
                    : "Track position and velocity by Kalman's filter.");
    const bool surprise = i.chance(0.4);
    const std::vector<Words> stacked =
        surprise ? std::vector<Words>{{"means", "filtered"}, {"innovations", "surprises"}}
                 : std::vector<Words>{{"means", "filtered"}};
    if (level) {
      const ValueId m0 = i.input({"prior_mean", "m0"}, Shape{}, {-1, 1});
      const ValueId p0 = i.chance(0.4) ? i.input({"prior_var", "p0"}, Shape{}, {0.5, 2})
                                       : i.let({"variance", "p0"}, "jnp.ones((), $0.dtype)", {z},
                                               Shape{}, {0.1, 2});
      i.scan({"update", "kalman_step"},
             {{{"mean", "m"}, m0, {-2, 2}, {}},
              {{"var", "p"}, p0, {0.1, 2}, {"var_end", "final_var"}}},
             {{{"obs", "y"}, z}}, stacked, [&](const Ids& p) {
               const ValueId prior =
                   let(i, {"prior", "p_pred"}, "{p} + {q}", {{"p", p[1]}, q}, Shape{}, {0.2, 2});
               const ValueId gain = let(i, {"gain", "k"}, "{p} / ({p} + {r})", {{"p", prior}, r},
                                        Shape{}, {0.1, 0.9});
               const ValueId off =
                   i.let({"innovation", "miss"}, "$0 - $1", {p[2], p[0]}, Shape{}, {-3, 3});
               const ValueId mean =
                   i.let({"mean_next"}, "$0 + $1 * $2", {p[0], gain, off}, Shape{}, {-2, 2});
               Ids out = {mean,
                          i.let({"var_next"}, "(1.0 - $0) * $1", {gain, prior}, Shape{}, {0.05, 1}),
                          mean};
               if (surprise) out.push_back(off);
               return out;
             });
      return;
    }
    const std::string dt = i.either({"0.1", "0.5", "1.0"});
    const ValueId x0 = i.input({"state", "x0"}, Shape{2}, {-1, 1});
    const ValueId f =
        i.let({"transition", "f"}, "jnp.array([[1.0, " + dt + "], [0.0, 1.0]], $0.dtype)", {z},
              {2, 2}, {0, 1});
    const ValueId h = i.let({"observe", "h"}, "jnp.array([1.0, 0.0], $0.dtype)", {z}, {2}, {0, 1});
    const ValueId eye = i.let({"eye", "cov0"}, "jnp.eye(2, dtype=$0.dtype)", {z}, {2, 2}, {0, 1});
    const bool joseph = i.chance(0.3);
    i.scan(
        {"update", "kalman_step"},
        {{{"x", "mean"}, x0, {-3, 3}, {}}, {{"p", "cov"}, eye, {-1, 3}, {"cov_end", "final_cov"}}},
        {{{"obs", "y"}, z}}, stacked, [&](const Ids& p) {
          const ValueId x = i.let({"x_pred"}, "$0 @ $1", {f, p[0]}, {2}, {-3, 3});
          const ValueId c = let(i, {"p_pred", "cov_pred"}, "{f} @ {p} @ {f}.T + {q} * {eye}",
                                {{"f", f}, {"p", p[1]}, q, {"eye", eye}}, {2, 2}, {-1, 3});
          const ValueId ph = i.let({"ph", "cross"}, "$0 @ $1", {c, h}, {2}, {-1, 3});
          const ValueId s = let(i, {"s", "innovation_var"}, "{h} @ {ph} + {r}",
                                {{"h", h}, {"ph", ph}, r}, Shape{}, {0.5, 4});
          const ValueId k = i.let({"gain", "k"}, "$0 / $1", {ph, s}, {2}, {0, 1});
          const ValueId off =
              i.let({"innovation", "miss"}, i.either({"$0 - $1 @ $2", "$0 - jnp.dot($1, $2)"}),
                    {p[2], h, x}, Shape{}, {-3, 3});
          const ValueId next = i.let({"x_next"}, "$0 + $1 * $2", {x, k, off}, {2}, {-3, 3});
          const ValueId cov =
              joseph ? let(i, {"p_next"},
                           "({eye} - jnp.outer({k}, {h})) @ {c} @ ({eye} - jnp.outer({k}, {h})).T "
                           "+ {r} * jnp.outer({k}, {k})",
                           {{"eye", eye}, {"k", k}, {"h", h}, {"c", c}, r}, {2, 2}, {-1, 3})
                     : i.let({"p_next"}, "$0 - jnp.outer($1, $2)", {c, k, ph}, {2, 2}, {-1, 3});
          Ids out = {next, cov, next};
          if (surprise) out.push_back(off);
          return out;
        });
  });
}

// Exponential smoothing: simple, with a trend (Holt), with seasons (Winters); forecasts or errors.
Op exponential_smoothing() {
  return idiom("exponential_smoothing", kLoop, 1.0, kSmooth, [](Idiom& i) {
    const bool trend = i.chance(0.65), seasonal = trend && i.chance(0.4), errors = i.chance(0.4);
    const std::int64_t n = size_from(i, 5);
    const ValueId y = i.input({"series", "demand", "sales"}, Shape{n}, {0.5, 4});
    const Term alpha = constant(i, "alpha", {"alpha", "smoothing"}, {0.3, 0.5, 0.2}, 0.4);
    const Term beta =
        trend ? constant(i, "beta", {"beta", "trend_smoothing"}, {0.1, 0.2, 0.3}) : Term{};
    const Term gamma =
        seasonal ? constant(i, "gamma", {"gamma", "season_smoothing"}, {0.1, 0.2}) : Term{};
    const std::int64_t period = i.between(2, 4);
    i.called({seasonal ? "holt_winters"
              : trend  ? "holt_smoothing"
                       : "exponential_smoothing",
              "smooth_series", errors ? "forecast_errors" : "track_level"});
    i.summary(seasonal ? "Smooth a series with a trend and seasons."
              : trend  ? "Smooth a series that has a trend."
                       : "Smooth a series exponentially.");
    const ValueId start = i.let({"level0", "start"}, "$0[0]", {y}, Shape{}, {0.5, 4});
    std::vector<Idiom::Carry> carries = {
        {{"level", "s"}, start, {0, 5}, {"level_end", "final_level"}}};
    if (trend)
      carries.push_back(
          {{"trend", "slope"},
           i.let({"trend0", "slope0"}, i.either({"$0[1] - $0[0]", "jnp.zeros((), $0.dtype)"}), {y},
                 Shape{}, {-1, 1}),
           {-1, 1},
           {"trend_end"}});
    const Shape seasons{period};
    if (seasonal)
      carries.push_back({{"season", "pattern"},
                         i.let({"season0"}, fmt::format("jnp.zeros({}, $0.dtype)", period), {y},
                               seasons, {-1, 1}),
                         {-1, 1},
                         {}});
    i.scan({"smooth", "update"}, carries, {{{"y", "value"}, y}},
           {errors ? Words{"errors", "misses"} : Words{"smoothed", "levels"}}, [&](const Ids& p) {
             Terms t = {{"y", p.back()}, {"s", p[0]}, alpha, beta, gamma};
             if (trend) t.push_back({"b", p[1]});
             if (seasonal)
               t.push_back({"c", i.let({"now", "effect"}, "$0[0]", {p[2]}, Shape{}, {-1, 1})});
             const ValueId guess =
                 !trend ? p[0] : let(i, {"expected", "guess"}, "{s} + {b}", t, Shape{}, {0, 5});
             t.push_back({"g", guess});
             const std::string seen = seasonal ? "({y} - {c})" : "{y}";
             const ValueId level = let(i, {"level_next"},
                                       i.either({"{alpha} * " + seen + " + (1.0 - {alpha}) * {g}",
                                                 "{g} + {alpha} * (" + seen + " - {g})"}),
                                       t, Shape{}, {0, 5});
             t.push_back({"n", level});
             Ids out = {level};
             if (trend)
               out.push_back(let(i, {"trend_next"}, "{beta} * ({n} - {s}) + (1.0 - {beta}) * {b}",
                                 t, Shape{}, {-1, 1}));
             if (seasonal) {
               const ValueId fresh =
                   let(i, {"effect_next"}, "{gamma} * ({y} - {n}) + (1.0 - {gamma}) * {c}", t,
                       Shape{}, {-1, 1});
               out.push_back(i.let({"season_next"}, "jnp.roll($0, -1).at[-1].set($1)",
                                   {p[2], fresh}, seasons, {-1, 1}));
             }
             out.push_back(errors ? let(i, {"error"}, seasonal ? "{y} - {g} - {c}" : "{y} - {g}", t,
                                        Shape{}, {-3, 3})
                                  : level);
             return out;
           });
  });
}

}  // namespace

std::vector<Op> signal_idioms() {
  return {spectral_filter(),  autocorrelation(), spectrogram(false),
          spectrogram(true),  analytic_signal(), fir_filter(),
          recursive_filter(), kalman(),          exponential_smoothing()};
}

}  // namespace jaxsmith::plan
