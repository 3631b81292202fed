#include "plan/bundles.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>

#include "base/word_list.h"
#include "plan/argument_roles.h"
#include "plan/catalogue.h"

namespace jaxsmith::plan {
namespace {

using Positions = std::vector<std::size_t>;
using Stages = std::set<std::string>;

// What the types of a bundle's members have in common with those of the first.
enum class Alike {
  kAny,
  kShape,
  kRows,    // as many rows, two at least
  kLabels,  // the same, and no more axes
};

// What a member is called; `integers`: those of whole numbers alone.
struct Slot {
  std::string_view words;
  bool needed = true;
  bool integers = false;
};

// What else there is, or the words are those of any two arrays: "x" and "y", "low" and "high".
enum class Beside {
  kNothing,
  kOneStage,  // one idiom takes all of them
  kModel,     // another argument is what is fitted, or how
};

struct Needs {
  Alike alike;
  Beside beside;
  std::size_t least;    // members
  int lowest, highest;  // ranks of the first
};

struct Kind {
  std::string_view names;
  std::string_view names_of_vectors;  // where the first has one axis or none; empty: the same
  Needs needs;
  double weight;
  std::vector<double> containers;
  std::vector<Slot> slots;  // in the order of their roles, the first sets the types
};

const std::vector<Kind>& kinds() {
  using enum Alike;
  using enum Beside;
  static const std::vector<Kind> kKinds = {
      {"batch data",
       "data samples",
       {kLabels, kModel, 2, 1, 8},
       1.0,
       {0.35, 0.4, 0.15, 0.1},
       {{"x xs inputs input features feature images tokens token_ids documents sentences sequences "
         "observations examples samples points design regressors covariates predictors train_x "
         "x_train task_x support_x batches "
         "times t ts time hours days ages doses instances anchors memory"},
        {"y ys labels label targets target observed measured responses outcomes classes truth "
         "clicked ratings train_y y_train task_y support_y answers readings readouts groundtruth "
         "segmentation"},
        {"mask valid present sample_weights example_weights importance label_mask observed_mask",
         false}}},
      {"experience transitions",
       "",
       {kRows, kNothing, 3, 1, 8},
       1.0,
       {0.1, 0.4, 0.35, 0.15},
       {{"rewards returns reward advantages"},
        {"states observations obs contexts", false},
        {"actions acts taken choices", false},
        {"successors next_states next_observations next_obs", false},
        {"dones done terminal terminals ended discounts", false},
        {"old_log_probs old_logp behavior_log_probs log_probs", false}}},
      {"edges graph",
       "",
       {kRows, kOneStage, 2, 1, 8},
       1.0,
       {0.3, 0.25, 0.3, 0.15},
       {{"senders sources source src tails u heads_from edge_sources", true, true},
        {"receivers targets destinations dst heads v edge_targets", true, true},
        {"weights costs lengths capacities edge_weights edge_costs", false}}},
      {"system particles",
       "state",
       {kRows, kOneStage, 2, 1, 8},
       1.0,
       {0.2, 0.25, 0.35, 0.2},
       {{"positions position coords coordinates bodies"},
        {"velocities velocity momenta momentum speeds"},
        {"masses mass m charges", false}}},
      {"phase_point state",
       "",
       {kShape, kOneStage, 2, 1, 8},
       1.0,
       {0.5, 0.15, 0.3, 0.05},
       {{"q"}, {"p"}}},
      {"dist stats",
       "",
       {kShape, kOneStage, 2, 0, 8},
       0.8,
       {0.35, 0.25, 0.3, 0.1},
       {{"mean mu loc means running_mean channel_mean"},
        {"std sigma stddev deviation var variance variances log_std log_scale log_sigma log_var "
         "logvar stds sigmas running_var channel_std"}}},
      {"prior",
       "",
       {kShape, kOneStage, 2, 0, 8},
       1.0,
       {0.3, 0.25, 0.3, 0.15},
       {{"prior_mean mean_p mu_p"}, {"prior_log_std log_std_p prior_var prior_std prior_log_var"}}},
      {"posterior",
       "",
       {kShape, kOneStage, 2, 0, 8},
       1.0,
       {0.3, 0.25, 0.3, 0.15},
       {{"mean_q mu_q mean mu"}, {"log_std_q log_std log_var logvar"}}},
      {"bands",
       "",
       {kShape, kOneStage, 3, 1, 8},
       1.0,
       {0.5, 0.2, 0.2, 0.1},
       {{"lower sub below subdiagonal lower_band a"},
        {"diagonal diag main center main_band b"},
        {"upper above super superdiagonal upper_band c"}}},
      {"bounds limits",
       "",
       {kShape, kOneStage, 2, 0, 1},
       0.8,
       {0.6, 0.1, 0.2, 0.1},
       {{"lower low lo lower_limit lower_bound minimum vmin left_end"},
        {"upper high hi upper_limit upper_bound maximum vmax right_end"}}},
      {"qkv",
       "",
       {kRows, kOneStage, 3, 2, 8},
       0.5,
       {0.75, 0.25, 0, 0},
       {{"query queries q"}, {"key keys k"}, {"value values v"}}},
      {"cache kv_cache",
       "",
       {kRows, kOneStage, 2, 2, 8},
       1.0,
       {0.3, 0.3, 0.25, 0.15},
       {{"key_cache cached_keys past_keys k_cache"},
        {"value_cache cached_values past_values v_cache"}}},
      {"held_out validation",
       "",
       {kLabels, kNothing, 2, 1, 8},
       1.0,
       {0.4, 0.4, 0.15, 0.05},
       {{"valid_x held_out_x query_x"}, {"valid_y held_out_y query_y"}}},
      {"padded_batch padded",
       "",
       {kRows, kOneStage, 2, 2, 8},
       0.8,
       {0.3, 0.4, 0.2, 0.1},
       {{"ids token_ids tokens sequences prompts", true, true}, {"valid mask present lengths"}}},
      {"equations linear_system",
       "",
       {kRows, kOneStage, 2, 2, 2},
       0.8,
       {0.45, 0.25, 0.2, 0.1},
       {{"matrix couplings system"}, {"rhs loads"}}},
      {"sparse sparse_matrix",
       "",
       {kAny, kOneStage, 3, 1, 1},
       1.0,
       {0.2, 0.25, 0.35, 0.2},
       {{"values entries data"},
        {"columns indices cols", true, true},
        {"row_ptr indptr row_starts rows row_lengths row_offsets", true, true}}},
      {"draws",
       "",
       {kAny, kOneStage, 2, 1, 8},
       0.7,
       {0.35, 0.3, 0.25, 0.1},
       {{"noise noises kicks proposals moves momenta normals jitter"}, {"uniforms uniform luck"}}},
      {"beams",
       "",
       {kRows, kOneStage, 2, 1, 8},
       1.0,
       {0.3, 0.25, 0.3, 0.15},
       {{"sequences prefixes history"}, {"scores beam_scores totals"}}},
      {"boxes",
       "",
       {kRows, kOneStage, 2, 2, 2},
       1.0,
       {0.3, 0.25, 0.3, 0.15},
       {{"centers_a box_centers pred_centers"}, {"sizes_a box_sizes pred_sizes"}}},
      {"other_boxes",
       "",
       {kRows, kOneStage, 2, 2, 2},
       1.0,
       {0.3, 0.25, 0.3, 0.15},
       {{"centers_b target_centers true_centers"}, {"sizes_b target_sizes true_sizes"}}},
      {"scores",
       "",
       {kAny, kOneStage, 2, 1, 8},
       0.6,
       {0.3, 0.4, 0.3, 0},
       {{"real_scores d_real"}, {"fake_scores d_fake"}}},
      {"origin", "", {kShape, kOneStage, 2, 0, 8}, 1.0, {0.5, 0.1, 0.4, 0}, {{"lat1"}, {"lon1"}}},
      {"destination",
       "",
       {kShape, kOneStage, 2, 0, 8},
       1.0,
       {0.5, 0.1, 0.4, 0},
       {{"lat2"}, {"lon2"}}},
      {"option contract",
       "",
       {kShape, kOneStage, 2, 0, 8},
       0.8,
       {0.2, 0.25, 0.35, 0.2},
       {{"strike k"}, {"expiry maturity t"}}},
      {"market",
       "",
       {kShape, kOneStage, 2, 0, 8},
       0.8,
       {0.2, 0.25, 0.35, 0.2},
       {{"spot s underlying"}, {"vol volatility sigma"}, {"rate r", false}}},
      {"concentrations state",
       "",
       {kShape, kOneStage, 2, 1, 8},
       1.0,
       {0.4, 0.2, 0.3, 0.1},
       {{"activator substrate prey susceptible"},
        {"inhibitor catalyst predators predator infected"},
        {"recovered", false}}},
      {"carry state",
       "",
       {kShape, kOneStage, 2, 1, 8},
       1.0,
       {0.5, 0.15, 0.25, 0.1},
       {{"h hidden"}, {"c cell"}}},
      {"coefs coefficients",
       "",
       {kShape, kOneStage, 3, 0, 0},
       1.0,
       {0.5, 0.2, 0.25, 0.05},
       {{"second a quadratic"}, {"first b linear"}, {"constant c"}}},
      {"pose transform",
       "",
       {kRows, kOneStage, 2, 1, 8},
       0.8,
       {0.4, 0.2, 0.3, 0.1},
       {{"rotation quaternion rotvec"}, {"translation shift offset"}}},
      {"date",
       "",
       {kShape, kOneStage, 3, 0, 0},
       0.8,
       {0.45, 0, 0.4, 0.15},
       {{"year y", true, true}, {"month m", true, true}, {"day d", true, true}}},
  };
  return kKinds;
}

std::vector<std::string> listed(std::string_view words) {
  std::vector<std::string> out;
  each_word(words, [&](std::string_view word) { out.emplace_back(word); });
  return out;
}

class Bundling {
 public:
  Bundling(const Program& program, const Positions& state)
      : program_(program),
        root_(program.bodies[static_cast<std::size_t>(program.root)]),
        taken_(state) {
    for (std::size_t i = 0; i < root_.parameters.size(); ++i) {
      roles_.push_back(role_of_argument(value(i)));
      stages_.push_back(stages_of(root_.parameters[i]));
    }
  }

  std::vector<Bundle> all() {
    for (const Kind& kind : kinds()) give(kind);
    give_params();
    give_memory();
    give_steering();
    return std::move(out_);
  }

 private:
  const Value& value(std::size_t i) const {
    return program_.values[static_cast<std::size_t>(root_.parameters[i])];
  }
  bool taken(std::size_t i) const { return std::ranges::find(taken_, i) != taken_.end(); }
  bool any(ArgumentRole role) const { return std::ranges::find(roles_, role) != roles_.end(); }

  // The idioms, functions and single steps that take a value.
  Stages stages_of(ValueId id) const {
    Stages out;
    for (std::size_t at = 0; at < root_.nodes.size(); ++at) {
      const Node& node = root_.nodes[at];
      if (std::ranges::find(node.operands, id) == node.operands.end()) continue;
      const Op* op = program_.catalogue->find(node.op);
      const bool whole = op != nullptr && op->has(kWritten);
      out.insert(whole ? node.op : node.op + std::to_string(at));
    }
    return out;
  }

  bool of_one_stage(const Positions& members) const {
    return std::ranges::any_of(stages_[members[0]], [&](const std::string& stage) {
      return std::ranges::all_of(members,
                                 [&](std::size_t i) { return stages_[i].contains(stage); });
    });
  }

  static bool has_rows(const Type& type, const Type& first) {
    return type.rank() > 0 && first.rank() > 0 && type.shape[0] == first.shape[0] &&
           first.shape[0] > 1;
  }

  static bool goes_with(const Kind& kind, const Type& type, const Type& first) {
    if (kind.needs.alike == Alike::kAny) return true;
    if (kind.needs.alike == Alike::kLabels && type.rank() > first.rank()) return false;
    return kind.needs.alike == Alike::kShape ? type.shape == first.shape : has_rows(type, first);
  }

  std::optional<std::size_t> first_of(const Slot& slot, const Kind& kind,
                                      const Positions& members) const {
    for (std::size_t i = 0; i < roles_.size(); ++i) {
      const Type& type = value(i).type;
      if (taken(i) || std::ranges::find(members, i) != members.end()) continue;
      if (!is_word_of(slot.words, name_of(i))) continue;
      if (slot.integers && !tensor::is_integer(type.dtype)) continue;
      const bool fits = members.empty()
                            ? type.rank() >= kind.needs.lowest && type.rank() <= kind.needs.highest
                            : goes_with(kind, type, value(members[0]).type);
      if (fits) return i;
    }
    return std::nullopt;
  }

  std::string name_of(std::size_t i) const {
    return value(i).names.empty() ? std::string() : value(i).names.front();
  }

  // What an optimizer's step takes: it moves arrays, and what belongs to one is no state of them.
  bool has_gradient() const {
    for (std::size_t i = 0; i < roles_.size(); ++i) {
      const bool alone = roles_[i] == ArgumentRole::kAlone;
      if (alone && !is_word_of("perturbation tangent cotangent direction", name_of(i))) return true;
    }
    return false;
  }

  // Whether an argument is a model, or says how one is fitted; a scale or a shift is none.
  bool is_model(std::size_t i) const {
    constexpr std::string_view kFits = "lam lmbda ridge penalty l2 bandwidth regularization";
    constexpr std::string_view kParts =
        "scale shift offset offsets gain gains bias biases beta gamma templates prototypes";
    const bool learnt = roles_[i] == ArgumentRole::kLearnt && !is_word_of(kParts, name_of(i));
    return learnt || is_word_of(kFits, name_of(i));
  }

  bool stands_beside(const Kind& kind, const Positions& members) const {
    if (kind.needs.beside == Beside::kNothing) return true;
    if (kind.needs.beside == Beside::kOneStage) return of_one_stage(members) && !has_gradient();
    for (std::size_t i = 0; i < roles_.size(); ++i)
      if (std::ranges::find(members, i) == members.end() && is_model(i)) return true;
    return false;
  }

  void give(const Kind& kind) {
    Positions members;
    for (const Slot& slot : kind.slots) {
      const auto found = first_of(slot, kind, members);
      if (!found && slot.needed) return;
      if (found) members.push_back(*found);
    }
    if (members.size() < kind.needs.least || !stands_beside(kind, members)) return;
    const bool vectors = value(members[0]).type.rank() < 2 && !kind.names_of_vectors.empty();
    add(vectors ? kind.names_of_vectors : kind.names, std::move(members), kind.weight,
        kind.containers);
  }

  void add(std::string_view names, Positions members, double weight,
           std::vector<double> containers) {
    if (members.size() < 2) return;
    std::ranges::sort(members);
    taken_.insert(taken_.end(), members.begin(), members.end());
    out_.push_back({listed(names), std::move(members), weight, std::move(containers)});
  }

  // What an optimiser moves is one argument by itself, as its gradient is.
  bool is_moved(std::size_t i) const {
    for (std::size_t k = 0; k < roles_.size(); ++k)
      if (roles_[k] == ArgumentRole::kAlone && value(k).type == value(i).type) return true;
    return false;
  }

  // Not all arguments of a function: some of them are then no weights, whatever they are called.
  void give_params() {
    constexpr std::string_view kNames = "params theta model";
    Positions learnt;
    for (std::size_t i = 0; i < roles_.size(); ++i)
      if (roles_[i] == ArgumentRole::kLearnt && !taken(i) && !is_moved(i) && !is_whole(i))
        learnt.push_back(i);
    if (learnt.size() == roles_.size()) return;
    const bool some = !learnt.empty();
    add(kNames, std::move(learnt), 1.5, {0.1, 0.5, 0.25, 0.15});
    if (!some) give_numbers();
  }

  // "params" is a whole already.
  bool is_whole(std::size_t i) const {
    return is_word_of("params theta init_params meta_params master_weights", name_of(i));
  }

  // A formula's numbers are its parameters, where it is a formula of something else.
  void give_numbers() {
    Positions numbers;
    bool of_something = false;
    for (std::size_t i = 0; i < roles_.size(); ++i) {
      if (roles_[i] == ArgumentRole::kNumber && !taken(i))
        numbers.push_back(i);
      else
        of_something = of_something || roles_[i] == ArgumentRole::kData;
    }
    if (numbers.size() < 2 || !of_something || !of_one_stage(numbers)) return;
    add("params coefficients", std::move(numbers), 1.0, {0, 0.35, 0.4, 0.25});
  }

  // Moments of one array have its shape, or are sums over its rows and columns.
  void give_memory() {
    if (!has_gradient()) return;
    Positions moments;
    for (std::size_t i = 0; i < roles_.size(); ++i) {
      if (roles_[i] != ArgumentRole::kMoment || taken(i)) continue;
      const bool parts = !moments.empty() && says_part(moments[0]) && says_part(i);
      if (moments.empty() || value(moments[0]).type == value(i).type || parts) moments.push_back(i);
    }
    if (moments.empty() || !of_one_stage(moments)) return;
    for (std::size_t i = 0; i < roles_.size(); ++i) {
      if (taken(i) || value(i).type.rank() > 0 ||
          !is_word_of("count step t step_count", name_of(i)))
        continue;
      Positions with = moments;
      with.push_back(i);
      if (of_one_stage(with)) {
        moments = std::move(with);
        break;
      }
    }
    add("opt_state optimizer_state", std::move(moments), 1.5, {0.25, 0.2, 0.4, 0.15});
  }

  bool says_part(std::size_t i) const {
    const std::vector<std::string> words = words_of_name(name_of(i));
    return std::ranges::any_of(words, [](const std::string& word) {
      return word == "row" || word == "col" || word == "column" || word == "rows" || word == "cols";
    });
  }

  // How a method goes on is set where there is something that it moves.
  void give_steering() {
    if (!has_gradient() && !any(ArgumentRole::kLearnt)) return;
    Positions settings;
    for (std::size_t i = 0; i < roles_.size(); ++i)
      if (roles_[i] == ArgumentRole::kSetting && !taken(i)) settings.push_back(i);
    if (settings.size() < 2 || !of_one_stage(settings)) return;
    add("hparams config", std::move(settings), 0.8, {0, 0.35, 0.3, 0.35});
  }

  const Program& program_;
  const Body& root_;
  Positions taken_;
  std::vector<ArgumentRole> roles_;
  std::vector<Stages> stages_;  // of each argument
  std::vector<Bundle> out_;
};

}  // namespace

std::vector<Bundle> bundles_of(const Program& program, const std::vector<std::size_t>& state) {
  return Bundling(program, state).all();
}

}  // namespace jaxsmith::plan
