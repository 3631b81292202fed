// Features of a recording as a whole: frames, windows, spectra, bands, cepstra, what changes from
// frame to frame, and what a model makes of them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"
#include "plan/jax/wholes.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;

class Audio {
 public:
  Audio(Idiom& i, Category category) : i_(i), category_(category) {
    if (half_precision(i)) i.fail();
    length_ = 4 * i.between(3, 8), hop_ = length_ / (i.chance(0.6) ? 2 : 4);
    frames_ = std::clamp<std::int64_t>(i.size(), 5, 20);
    bands_ = i.between(4, 8), kept_ = i.between(3, bands_);
    emphasizes_ = i.chance(0.6), cepstra_ = i.chance(0.6), deltas_ = i.chance(0.6);
    learnt_ = i.chance(0.4);
    // What is scaled over time has no mean over time that a classifier could learn from.
    normalizes_ = i.chance(0.6) && !learnt_;
  }

  void write() {
    const std::string what = cepstra_ ? "Cepstral coefficients" : "Log band energies";
    const std::string more = deltas_ ? " and their changes" : "";
    i_.called(cepstra_ ? Words{"cepstral_features", "mfcc", "audio_features"}
                       : Words{"log_mel_features", "band_energies", "audio_features"});
    if (learnt_) i_.called({"classify_audio", "audio_classifier", "score_recording"});
    i_.summary(learnt_ ? fmt::format("Class log-probabilities of a recording by {}{}.",
                                     cepstra_ ? "cepstral coefficients" : "log band energies", more)
                       : fmt::format("{}{} of the frames of a recording.", what, more));
    const std::int64_t samples = (frames_ - 1) * hop_ + length_;
    ValueId wave = i_.argument({"waveform", "audio"}, {i_.real(), {samples}}, {-1, 1});
    const ValueId filters =
        i_.argument({"filterbank", "mel_filters"}, {i_.real(), {length_ / 2 + 1, bands_}}, {0, 1});
    if (emphasizes_) wave = emphasized(wave, samples);
    ValueId x = framed(wave);
    x = powers(x);
    x = banded(x, filters);
    if (cepstra_) x = transformed(x);
    std::int64_t width = cepstra_ ? kept_ : bands_;
    if (normalizes_) x = normalized(x, width);
    if (deltas_) x = with_deltas(x, width), width *= 2;
    if (learnt_) scores(x, width);
  }

 private:
  ValueId through(const Words& function, const std::string& says, const Words& names,
                  const Ids& operands, const Type& type, Interval range, const Idiom::Fill& fill) {
    const BodyId body = i_.helper(function, says, as_parts(i_, operands), fill);
    return i_.call(names, body, operands, type, range);
  }

  ValueId emphasized(ValueId wave, std::int64_t samples) {
    const std::string by = i_.setting({"coefficient", "emphasis"}, {"0.97", "0.95"});
    if (i_.chance(0.5))
      return i_.let({"emphasized"}, "jnp.concatenate([$0[:1], $0[1:] - " + by + " * $0[:-1]])",
                    {wave}, {samples}, {-1.5, 1.5});
    return i_.let({"emphasized"}, "$0.at[1:].add(-" + by + " * $0[:-1])", {wave}, {samples},
                  {-1.5, 1.5});
  }

  // Overlapping frames under a window.
  ValueId framed(ValueId wave) {
    const Type type{i_.real(), {frames_, length_}};
    const bool lookup = category_ != kVectorization;
    const auto fill = [&](const Ids& p) {
      ValueId frames;
      if (lookup) {
        const ValueId places = i_.let(
            {"places", "indices"},
            fmt::format("{} * jnp.arange({})[:, None] + jnp.arange({})", hop_, frames_, length_),
            {}, counts(i_, {frames_, length_}), below(frames_ * length_));
        frames = i_.let({"frames"}, i_.either({"$0[$1]", "jnp.take($0, $1)"}), {p[0], places}, type,
                        {-1.5, 1.5});
      } else {
        const ValueId starts =
            i_.let({"starts", "onsets"}, fmt::format("{} * jnp.arange({})", hop_, frames_), {},
                   counts(i_, {frames_}), below(frames_ * length_));
        const Idiom::Fill one = [&](const Ids& q) {
          return Ids{i_.let({"frame"}, fmt::format("lax.dynamic_slice($0, ($1,), ({},))", length_),
                            {p[0], q[0]}, {length_}, {-1.5, 1.5})};
        };
        const BodyId cut =
            i_.function({"cut", "frame_at"},
                        {{{"start", "onset"}, counts(i_, {}), below(frames_ * length_)}}, one);
        frames = i_.let({"frames"}, "jax.vmap($f0)($0)", {starts}, {cut}, type, {-1.5, 1.5});
      }
      const bool sine = i_.chance(0.3);
      const std::string ramp = fmt::format("jnp.arange({})", length_);
      const ValueId window =
          i_.let({"window", "taper"},
                 (sine ? fmt::format("jnp.sin(jnp.pi * ({} + 0.5) / {})", ramp, length_)
                       : fmt::format("{} * jnp.cos(2.0 * jnp.pi * {} / {})",
                                     i_.either({"0.54 - 0.46", "0.5 - 0.5"}), ramp, length_)) +
                     ".astype($0.dtype)",
                 {p[0]}, {length_}, {0.05, 1});
      return Ids{i_.let({"windowed"}, "$0 * $1", {frames, window}, type, {-1.5, 1.5})};
    };
    return through({"frame_signal", "windowed_frames"},
                   "Overlapping frames of a signal under a window.", {"frames", "windowed"}, {wave},
                   type, {-1.5, 1.5}, fill);
  }

  ValueId powers(ValueId frames) {
    const std::int64_t bins = length_ / 2 + 1;
    const Type type{i_.real(), {frames_, bins}};
    return through(
        {"power_spectrum", "spectrogram"}, "Power of each frame at each frequency.",
        {"power", "spectrogram"}, {frames}, type, {0.01, 10}, [&](const Ids& p) {
          const DType complex = i_.real() == DType::kF64 ? DType::kC128 : DType::kC64;
          const ValueId spectrum = i_.let(
              {"spectrum", "coeffs"}, i_.either({"jnp.fft.rfft($0, axis=-1)", "jnp.fft.rfft($0)"}),
              {p[0]}, Type{complex, {frames_, bins}}, {-8, 8});
          return Ids{i_.let({"power"},
                            fmt::format(fmt::runtime(i_.either({"jnp.abs($0) ** 2 / {}",
                                                                "($0.real**2 + $0.imag**2) / {}"})),
                                        length_),
                            {spectrum}, type, {0.01, 10})};
        });
  }

  ValueId banded(ValueId power, ValueId filters) {
    const Type type{i_.real(), {frames_, bands_}};
    return through(
        {"log_band_energies", "log_mel"}, "Logarithm of the energy in each band.",
        {"log_bands", "log_mel"}, {power, filters}, type, {-3, 4}, [&](const Ids& p) {
          const ValueId energy = i_.let({"energy", "bands"},
                                        i_.either({"$0 @ $1", "jnp.einsum(\"tf,fb->tb\", $0, $1)"}),
                                        {p[0], p[1]}, type, {0.05, 20});
          return Ids{i_.let({"log_energy"},
                            i_.either({"jnp.log($0 + 1e-6)", "jnp.log(jnp.maximum($0, 1e-6))"}),
                            {energy}, type, {-3, 4})};
        });
  }

  // The discrete cosine transform over bands.
  ValueId transformed(ValueId bands) {
    const Type type{i_.real(), {frames_, kept_}};
    return through(
        {"cepstrum", "dct_of_bands"}, "Cosine transform over bands.", {"cepstra", "coefficients"},
        {bands}, type, {-6, 6}, [&](const Ids& p) {
          const DType real = i_.builder().default_real();
          const ValueId angles =
              i_.let({"angles"},
                     fmt::format("jnp.pi / {} * (jnp.arange({})[:, None] + 0.5) * jnp.arange({})",
                                 bands_, bands_, kept_),
                     {}, Type{real, {bands_, kept_}}, {0, 9});
          const ValueId basis =
              i_.let({"basis"},
                     std::string("jnp.cos($0)") + (real == i_.real() ? "" : ".astype($1.dtype)"),
                     real == i_.real() ? Ids{angles} : Ids{angles, p[0]}, {bands_, kept_}, {-1, 1});
          return Ids{i_.let({"cepstra"}, "$0 @ $1", {p[0], basis}, type, {-6, 6})};
        });
  }

  ValueId normalized(ValueId x, std::int64_t width) {
    const Type type{i_.real(), {frames_, width}};
    return through({"normalize_over_time", "mean_variance_norm"},
                   "Center and scale each coefficient over time.", {"normalized", "features"}, {x},
                   type, {-2.5, 2.5}, [&](const Ids& p) {
                     const ValueId mean =
                         i_.let({"mean"}, "jnp.mean($0, axis=0)", {p[0]}, {width}, {-3, 3});
                     const ValueId deviation = i_.let({"deviation", "std"}, "jnp.std($0, axis=0)",
                                                      {p[0]}, {width}, {0.2, 2});
                     return Ids{i_.let({"normed"}, "($0 - $1) / ($2 + 1e-4)",
                                       {p[0], mean, deviation}, type, {-2.5, 2.5})};
                   });
  }

  ValueId with_deltas(ValueId x, std::int64_t width) {
    const Type type{i_.real(), {frames_, width}};
    const ValueId change = through(
        {"deltas", "frame_deltas"}, "Slope of each coefficient over neighboring frames.",
        {"changes", "deltas"}, {x}, type, {-2, 2}, [&](const Ids& p) {
          const ValueId padded = i_.let({"padded"}, "jnp.pad($0, ((2, 2), (0, 0)), mode=\"edge\")",
                                        {p[0]}, {frames_ + 4, width}, {-3, 3});
          return Ids{i_.let({"slope"}, "($0[3:-1] - $0[1:-3] + 2.0 * ($0[4:] - $0[:-4])) / 10.0",
                            {padded}, type, {-2, 2})};
        });
    return i_.let({"features"},
                  i_.either({"jnp.concatenate([$0, $1], axis=-1)", "jnp.hstack([$0, $1])"}),
                  {x, change}, {frames_, 2 * width}, {-3, 3});
  }

  void scores(ValueId x, std::int64_t width) {
    const std::int64_t units = i_.between(4, 10), classes = i_.between(3, 6);
    const double reach = 1.5 / std::sqrt(static_cast<double>(width));
    const ValueId hidden_kernel = i_.argument({"w_hidden", "w1"}, {i_.real(), {2 * width, units}},
                                              {-reach, reach}),
                  out_kernel =
                      i_.argument({"w_out", "w2"}, {i_.real(), {units, classes}}, {-0.8, 0.8}),
                  bias = i_.argument({"b_out", "bias"}, {i_.real(), {classes}}, {-0.5, 0.5});
    const ValueId pooled =
        i_.let({"pooled", "statistics"}, "jnp.concatenate([$0.mean(axis=0), $0.std(axis=0)])", {x},
               {2 * width}, {-2, 2});
    const ValueId hidden =
        i_.let({"hidden"},
               i_.either({"jax.nn.relu($0 @ $1)", "jnp.tanh($0 @ $1)", "jax.nn.gelu($0 @ $1)"}),
               {pooled, hidden_kernel}, {units}, {-1, 2});
    const ValueId logits =
        i_.let({"logits"}, "$0 @ $1 + $2", {hidden, out_kernel, bias}, {classes}, {-3, 3});
    i_.let({"log_probs"}, "jax.nn.log_softmax($0)", {logits}, {classes}, {-5, 0});
  }

  Idiom& i_;
  const Category category_;
  std::int64_t length_ = 0, hop_ = 0, frames_ = 0, bands_ = 0, kept_ = 0;
  bool emphasizes_ = false, cepstra_ = false, deltas_ = false, learnt_ = false, normalizes_ = false;
};

}  // namespace

std::vector<Op> audio_wholes() {
  return wholes_by<Audio>({{"audio_features", kArray, 0.7},
                           {"audio_spectra", kMath, 0.7},
                           {"audio_frames", kIndexing, 0.5},
                           {"audio_statistics", kReduction, 0.5},
                           {"sliced_audio", kVectorization, 0.7}});
}

}  // namespace jaxsmith::plan
