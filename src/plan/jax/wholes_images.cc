// Features of an image as a whole: gray levels, smoothing, slopes, and what is made of these: a
// descriptor of orientations, corners or edges, and what a model says of them.
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
using Parts = std::vector<Idiom::Part>;

enum class Aim { kOrientations, kCorners, kEdges };

class Image {
 public:
  Image(Idiom& i, Category category) : i_(i), category_(category) {
    if (half_precision(i)) i.fail();
    cell_ = 4, rows_ = cell_ * i.between(2, 4), columns_ = cell_ * i.between(2, 4);
    bins_ = i.between(4, 8);
    aim_ = category == kIndexing || category == kMath
               ? Aim::kOrientations
               : static_cast<Aim>(i.random().weighted(std::vector<double>{0.4, 0.35, 0.25}));
    colored_ = i.chance(0.5);
    batched_ = category == kVectorization;
    smoothings_ = i.between(1, 3);
    scores_ = i.chance(0.4);
  }

  void write() {
    name();
    gray_ = colored_ ? gray() : -1;
    blur_ = blur();
    slopes_ = slopes();
    feature_ = aim_ == Aim::kOrientations ? orientations()
               : aim_ == Aim::kCorners    ? corners()
                                          : edges();
    Shape shape = colored_ ? Shape{rows_, columns_, 3} : Shape{rows_, columns_};
    const Idiom::Part one{{"image", "img"}, {i_.real(), shape}, {0, 1}};
    if (batched_) shape.insert(shape.begin(), kBatch);
    const ValueId image = i_.argument(batched_ ? Words{"images", "batch"} : Words{"image", "img"},
                                      {i_.real(), shape}, {0, 1});
    if (scores_) {
      const std::int64_t count = size();
      const double reach = 2 / std::sqrt(static_cast<double>(count));
      weights_ =
          i_.argument({"weights", "w_score"}, {i_.real(), {count, kClasses}}, {-reach, reach});
      bias_ = i_.argument({"bias", "offset"}, {i_.real(), {kClasses}}, {-0.5, 0.5});
    }
    if (!batched_) {
      run(image);
      return;
    }
    const BodyId each =
        i_.function({"of_one", "describe"}, {one}, [&](const Ids& p) { return Ids{run(p[0])}; });
    Shape out = scores_ ? Shape{kClasses} : result();
    out.insert(out.begin(), kBatch);
    i_.let(scores_ ? Words{"log_probs"} : Words{"features", "descriptors"}, "jax.vmap($f0)($0)",
           {image}, {each}, {i_.real(), out}, {-5, 5});
  }

 private:
  static constexpr std::int64_t kBatch = 3, kClasses = 4;

  void name() {
    const std::string what = aim_ == Aim::kOrientations ? "histograms of its slopes' orientations"
                             : aim_ == Aim::kCorners    ? "the strength of corners in its cells"
                                                        : "the share of edges in its cells";
    const std::string each = batched_ ? "each image" : "an image";
    if (scores_) {
      i_.called({"classify_image", "image_scores", "score_image"});
      i_.summary("Class log-probabilities of " + each + " by " + what + ".");
      return;
    }
    i_.called(aim_ == Aim::kOrientations ? Words{"hog_descriptor", "orientation_histograms"}
              : aim_ == Aim::kCorners    ? Words{"corner_strengths", "corner_features"}
                                         : Words{"edge_density", "edge_features"});
    i_.summary("Describe " + each + " by " + what + ".");
  }

  Type plane() const { return {i_.real(), {rows_, columns_}}; }
  Shape cells() const { return {rows_ / cell_, columns_ / cell_}; }
  Shape result() const {
    Shape out = cells();
    if (aim_ == Aim::kOrientations) out.push_back(bins_);
    return out;
  }
  std::int64_t size() const {
    std::int64_t n = 1;
    for (const std::int64_t axis : result()) n *= axis;
    return n;
  }
  Idiom::Part part(Words names, Interval range) const { return {std::move(names), plane(), range}; }

  BodyId gray() {
    return i_.helper(
        {"to_gray", "luminance"}, "Gray levels of a color image.",
        {{{"rgb", "color"}, {i_.real(), {rows_, columns_, 3}}, {0, 1}}}, [&](const Ids& p) {
          return Ids{
              i_.let({"gray"},
                     i_.either({"$0 @ jnp.array([0.299, 0.587, 0.114], dtype=$0.dtype)",
                                "0.299 * $0[..., 0] + 0.587 * $0[..., 1] + 0.114 * $0[..., 2]"}),
                     {p[0]}, plane().shape, {0, 1})};
        });
  }

  BodyId blur() {
    const bool wide = i_.chance(0.4);
    return i_.helper(
        {"blur", "smooth"}, "Smooth along rows and columns by a binomial kernel.",
        {part({"f", "plane"}, {0, 1})}, [&](const Ids& p) {
          const std::int64_t n = wide ? 2 : 1;
          const ValueId padded =
              i_.let({"padded"}, fmt::format("jnp.pad($0, {}, mode=\"edge\")", n), {p[0]},
                     {rows_ + 2 * n, columns_ + 2 * n}, {0, 1});
          const ValueId down = i_.let(
              {"down", "vertical"},
              wide ? "($0[:-4] + 4.0 * $0[1:-3] + 6.0 * $0[2:-2] + 4.0 * $0[3:-1] + $0[4:]) / 16.0"
                   : "0.25 * ($0[:-2] + 2.0 * $0[1:-1] + $0[2:])",
              {padded}, {rows_, columns_ + 2 * n}, {0, 1});
          return Ids{i_.let({"smooth"},
                            wide ? "($0[:, :-4] + 4.0 * $0[:, 1:-3] + 6.0 * $0[:, 2:-2] + 4.0 * "
                                   "$0[:, 3:-1] + $0[:, 4:]) / 16.0"
                                 : "0.25 * ($0[:, :-2] + 2.0 * $0[:, 1:-1] + $0[:, 2:])",
                            {down}, plane().shape, {0, 1})};
        });
  }

  BodyId slopes() {
    const bool sobel = i_.chance(0.6);
    return stage(
        i_, {sobel ? "sobel" : "slopes", "image_gradients"},
        sobel ? "Slopes along both axes by Sobel's kernels."
              : "Slopes along both axes by central differences.",
        {part({"f", "plane"}, {0, 1})}, [&](const Ids& p) {
          const ValueId padded = i_.let({"padded"}, "jnp.pad($0, 1, mode=\"edge\")", {p[0]},
                                        {rows_ + 2, columns_ + 2}, {0, 1});
          if (!sobel)
            return Ids{i_.let({"dy"}, "0.5 * ($0[2:, 1:-1] - $0[:-2, 1:-1])", {padded},
                              plane().shape, {-0.5, 0.5}),
                       i_.let({"dx"}, "0.5 * ($0[1:-1, 2:] - $0[1:-1, :-2])", {padded},
                              plane().shape, {-0.5, 0.5})};
          const ValueId along = i_.let({"row_sums"}, "$0[:, :-2] + 2.0 * $0[:, 1:-1] + $0[:, 2:]",
                                       {padded}, {rows_ + 2, columns_}, {0, 4});
          const ValueId down = i_.let({"column_sums"}, "$0[:-2] + 2.0 * $0[1:-1] + $0[2:]",
                                      {padded}, {rows_, columns_ + 2}, {0, 4});
          return Ids{
              i_.let({"dy"}, "($0[2:] - $0[:-2]) / 8.0", {along}, plane().shape, {-0.5, 0.5}),
              i_.let({"dx"}, "($0[:, 2:] - $0[:, :-2]) / 8.0", {down}, plane().shape, {-0.5, 0.5})};
        });
  }

  Parts both() const {
    return {part({"dy", "gy", "slope_y"}, {-0.5, 0.5}), part({"dx", "gx", "slope_x"}, {-0.5, 0.5})};
  }

  std::string by_cells(const std::string& more = "") const {
    return fmt::format("$0.reshape({}, {}, {}, {}{})", rows_ / cell_, cell_, columns_ / cell_,
                       cell_, more);
  }

  // Votes of pixels for bins of orientation, added up in cells, each cell to unit length.
  BodyId orientations() {
    const bool hard = category_ == kIndexing;
    return i_.helper(
        {"orientation_histogram", "cell_histograms"},
        "Histogram of orientations in each cell, weighted by gradient magnitude.", both(),
        [&](const Ids& p) {
          const ValueId size =
              i_.let({"magnitude", "strength"},
                     i_.either({"jnp.sqrt($0**2 + $1**2 + 1e-8)", "jnp.hypot($0, $1) + 1e-6"}), p,
                     plane().shape, {0, 0.7});
          const ValueId angle = i_.let({"angle", "orientation"}, "jnp.arctan2($0, $1)", p,
                                       plane().shape, {-3.1, 3.1});
          Shape votes = plane().shape;
          votes.push_back(bins_);
          ValueId vote;
          if (hard) {
            const ValueId bin = i_.let(
                {"bin", "sector"},
                fmt::format(
                    "jnp.floor(($0 + jnp.pi) / (2.0 * jnp.pi) * {0}).astype(jnp.int32) % {0}",
                    bins_),
                {angle}, Type{DType::kI32, plane().shape}, below(bins_ - 1));
            vote = i_.let({"votes"},
                          fmt::format("jnp.zeros($0.shape + ({},), $0.dtype).at[jnp.arange({})[:, "
                                      "None], jnp.arange({}), $1].set($0)",
                                      bins_, rows_, columns_),
                          {size, bin}, votes, {0, 0.7});
          } else {
            const ValueId center =
                i_.let({"centers", "bin_angles"},
                       fmt::format("2.0 * jnp.pi * jnp.arange({}) / {}", bins_, bins_), {},
                       Type{i_.builder().default_real(), {bins_}}, {0, 6});
            const std::string cast =
                i_.builder().default_real() == i_.real() ? "" : ".astype($1.dtype)";
            vote = i_.let(
                {"votes"},
                "$0[..., None] * jnp.maximum(jnp.cos($1[..., None] - $2" + cast + "), 0.0) ** 2",
                {size, angle, center}, votes, {0, 0.7});
          }
          const ValueId sums = i_.let({"histogram", "cells"},
                                      by_cells(fmt::format(", {}", bins_)) + ".sum(axis=(1, 3))",
                                      {vote}, result(), {0, 4});
          return Ids{
              i_.let({"normalized"},
                     i_.either({"$0 / jnp.sqrt(jnp.sum($0**2, axis=-1, keepdims=True) + 1e-3)",
                                "$0 / (jnp.linalg.norm($0, axis=-1, keepdims=True) + 1e-2)"}),
                     {sums}, result(), {0, 1})};
        });
  }

  BodyId corners() {
    const bool harris = i_.chance(0.6);  // else the smaller eigenvalue
    return i_.helper(
        {"corner_response", harris ? "harris_response" : "shi_tomasi_response"},
        "Strength of corners, by the structure tensor, in each cell.", both(), [&](const Ids& p) {
          const auto smooth = [&](const std::string& name, const std::string& form, const Ids& of) {
            const ValueId product = i_.let({name}, form, of, plane().shape, {-0.25, 0.25});
            return i_.call({"mean_" + name}, blur_, {product}, plane(), {-0.25, 0.25});
          };
          const ValueId yy = smooth("yy", "$0**2", {p[0]}), xx = smooth("xx", "$0**2", {p[1]}),
                        xy = smooth("xy", "$0 * $1", p);
          ValueId response;
          if (harris) {
            response =
                i_.let({"response"},
                       "$0 * $1 - $2**2 - " + i_.either({"0.04", "0.05"}) + " * ($0 + $1) ** 2",
                       {yy, xx, xy}, plane().shape, {-0.05, 0.05});
          } else {
            const ValueId half =
                i_.let({"half_trace"}, "0.5 * ($0 + $1)", {yy, xx}, plane().shape, {0, 0.25});
            response = i_.let({"response", "smaller_eigenvalue"},
                              "$0 - jnp.sqrt(0.25 * ($1 - $2) ** 2 + $3**2 + 1e-8)",
                              {half, yy, xx, xy}, plane().shape, {0, 0.2});
          }
          return Ids{i_.let({"strongest"}, by_cells() + ".max(axis=(1, 3))", {response}, cells(),
                            {-0.05, 0.2})};
        });
  }

  BodyId edges() {
    return i_.helper(
        {"edge_share", "soft_edges"}, "Share of edge pixels in each cell, softly.", both(),
        [&](const Ids& p) {
          const ValueId size = i_.let({"magnitude", "strength"}, "jnp.sqrt($0**2 + $1**2 + 1e-8)",
                                      p, plane().shape, {0, 0.7});
          const ValueId level = i_.let(
              {"threshold"}, "jnp.mean($0) + " + i_.either({"0.5", "1.0"}) + " * jnp.std($0)",
              {size}, Shape{}, {0.05, 0.5});
          const ValueId edge =
              i_.let({"is_edge", "edge"},
                     "jax.nn.sigmoid(" + i_.either({"20.0", "30.0"}) + " * ($0 - $1))",
                     {size, level}, plane().shape, {0, 1});
          return Ids{i_.let({"share"}, by_cells() + ".mean(axis=(1, 3))", {edge}, cells(), {0, 1})};
        });
  }

  ValueId run(ValueId image) {
    ValueId f = colored_ ? i_.call({"gray"}, gray_, {image}, plane(), {0, 1}) : image;
    for (std::int64_t k = 0; k < smoothings_; ++k)
      f = i_.call({"smooth", "smoothed"}, blur_, {f}, plane(), {0, 1});
    const Ids along =
        call(i_, slopes_, {f}, {part({"dy", "gy"}, {-0.5, 0.5}), part({"dx", "gx"}, {-0.5, 0.5})});
    ValueId out =
        i_.call(scores_ || batched_ ? Words{"cells", "described"} : Words{"features", "descriptor"},
                feature_, along, {i_.real(), result()}, {-0.1, 1});
    if (!scores_) return out;
    const ValueId flat =
        i_.let({"flat"}, i_.either({"$0.ravel()", "$0.reshape(-1)"}), {out}, {size()}, {-0.1, 1});
    const ValueId logits =
        i_.let({"logits"}, "$0 @ $1 + $2", {flat, weights_, bias_}, {kClasses}, {-4, 4});
    return i_.let({"log_probs"}, "jax.nn.log_softmax($0)", {logits}, {kClasses}, {-5, 0});
  }

  Idiom& i_;
  const Category category_;
  std::int64_t cell_ = 0, rows_ = 0, columns_ = 0, bins_ = 0, smoothings_ = 0;
  Aim aim_{};
  bool colored_ = false, batched_ = false, scores_ = false;
  BodyId gray_ = -1, blur_ = -1, slopes_ = -1, feature_ = -1;
  ValueId weights_ = kNoValue, bias_ = kNoValue;
};

}  // namespace

std::vector<Op> image_wholes() {
  return wholes_by<Image>({{"image_cells", kArray, 0.8},
                           {"image_orientations", kMath, 0.7},
                           {"image_votes", kIndexing, 0.7},
                           {"image_strengths", kReduction, 0.5},
                           {"image_batch", kVectorization, 0.7}});
}

}  // namespace jaxsmith::plan
