#include "plan/planner.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plan/composition.h"
#include "plan/family.h"
#include "plan/field.h"
#include "plan/packs.h"
#include "plan/preparation.h"
#include "plan/setting.h"
#include "plan/size.h"
#include "plan/telling.h"
#include "plan/turns.h"
#include "plan/unroll.h"
#include "plan/visibility.h"

namespace jaxsmith::plan {
namespace {

constexpr int kTries = 130;
constexpr int kTriesOfItsOwn = 90;        // of these, with what the family begins with and features
constexpr int kTriesToShow = 30;          // of these, which must show what they compute
constexpr int kComposedTries = 8;         // of a large program; then it is drawn as others are
constexpr std::uint64_t kX64Period = 10;  // one chunk in so many runs with x64 on
constexpr int kTriesInSetting = 40;       // of these, with a setting around what is featured
constexpr int kTriesAlone = 20;           // of these, with nothing beside it
constexpr int kTriesOfHalf = 18;          // of these, in half precision where a family is so
constexpr int kTriesOfLargeInHalf = 2;    // of these, large and in half precision
constexpr int kTriesOfScalars = 30;       // of these, with numbers alone where a family is so
constexpr std::uint64_t kMoreOfScalars = 10;  // steps, since each is a little thing
constexpr int kStepsBeside = 16;
// Of what a root becomes, and of what another member does, so much may be hidden
// (plan/visibility.h) by what is expected. Where most of it is, the function is refused.
constexpr double kMostHidden = 0.36, kMostHiddenOfMember = 0.42;
constexpr int kHiddenPrograms = 3;  // so many that hide more, then the best of them
// An idiom that always hides much is not left out: so many families take the one that comes.
constexpr double kHiddenIdioms = 0.5;

std::vector<DType> all_dtypes() {
  return {DType::kF32, DType::kF16, DType::kBF16, DType::kF64,  DType::kI32, DType::kI8,
          DType::kU8,  DType::kU32, DType::kI64,  DType::kBool, DType::kC64};
}

DType draw_dtype(Random& random, const std::vector<DType>& allowed, bool x64,
                 const std::vector<std::pair<DType, double>>& weights, const Weights& fitted,
                 DType fallback) {
  std::vector<double> w;
  for (const auto& [dtype, weight] : weights) {
    const bool usable = std::find(allowed.begin(), allowed.end(), dtype) != allowed.end() &&
                        (x64 || !tensor::needs_x64(dtype));
    const double factor = (x64 && tensor::needs_x64(dtype) ? 8 : 1) * fitted.dtype(dtype);
    w.push_back(usable ? weight * factor : 0);
  }
  if (std::none_of(w.begin(), w.end(), [](double v) { return v > 0; })) return fallback;
  return weights[random.weighted(w)].first;
}

// Which operations a category's programs are made of: mostly its own.
std::vector<double> mix_of(const Catalogue& catalogue, Category category) {
  std::vector<double> mix;
  for (const CategoryProfile& profile : catalogue.categories()) mix.push_back(profile.share);
  mix[static_cast<std::size_t>(category)] += catalogue.profile(category).own_share;
  return mix;
}

struct Drawn {
  Type type;
  Stats stats;
};

Shape draw_shape(Builder& b, const CategoryProfile& profile, bool first) {
  Random& random = b.random();
  std::vector<double> ranks = {0.12, 0.38, 0.34, 0.12, 0.04};
  for (std::size_t n = 0; n < ranks.size(); ++n) ranks[n] *= b.weights().rank(n);
  const bool matrices = profile.matrix_share > 0, needs_axis = first || matrices;
  int rank = static_cast<int>(random.weighted(ranks));
  if (needs_axis && rank == 0 && b.settings().max_rank > 0)
    rank = 1 + static_cast<int>(random.below(2));
  if (matrices && random.chance(profile.matrix_share)) rank = 2;
  rank = std::min(rank, b.settings().max_rank);
  Shape shape;
  for (int i = 0; i < rank; ++i) shape.push_back(random.chance(0.06) ? 1 : b.size());
  if (first) b.lengthen(shape);
  const auto smallest = *std::ranges::min_element(b.settings().sizes);
  while (!b.acceptable_shape(shape)) {
    std::int64_t& longest = *std::ranges::max_element(shape);
    if (longest > smallest)
      longest = smallest;
    else
      shape.pop_back();
  }
  return shape;
}

Drawn draw_argument(Builder& b, const CategoryProfile& profile, int position) {
  Random& random = b.random();
  const Settings& s = b.settings();
  Drawn out;
  out.type = {s.real, draw_shape(b, profile, position == 0)};
  const double draw = random.uniform();
  const double integers = std::min(0.5, profile.integer_share * b.weights().dtype(s.integer));
  const double booleans = std::min(0.25, profile.bool_share * b.weights().dtype(DType::kBool));
  const double complex = std::min(0.25, profile.complex_share * b.weights().dtype(DType::kC64));
  if (draw < integers && b.allowed(s.integer)) {
    out.type.dtype = s.integer;
    const double top = std::min(integer_bounds(s.integer).hi, random.chance(0.5) ? 10.0 : 50.0);
    const double low = tensor::is_signed_integer(s.integer) && random.chance(0.5) ? -top : 0;
    out.stats = uniform_stats(random, low, top, true);
  } else if (position > 0 && draw < integers + booleans && b.allowed(DType::kBool)) {
    out.type.dtype = DType::kBool;
    out.stats = boolean_stats(random, 0.5);
  } else if (draw > 1 - complex && b.allowed(DType::kC64)) {
    out.type.dtype = DType::kC64;
    out.stats = uniform_stats(random, 0, 2, false);
  } else {
    static const std::vector<Interval> kRanges = {{-2, 2}, {-1, 1},  {0.1, 1.5}, {0, 1},
                                                  {-3, 3}, {0.5, 4}, {-2, 2},    {-1.5, 1.5}};
    const Interval range = random.pick(kRanges);
    out.stats = uniform_stats(random, range.lo, range.hi, false);
  }
  return out;
}

const std::vector<ValueId>& parameters_of(Builder& b) { return b.body_of(b.current()).parameters; }

// Whether the two meet without a reduction of either, which would only be there to make them meet.
bool meets(Builder& b, ValueId x, ValueId y) {
  return b.broadcasts(b[x].type.shape, b[y].type.shape) &&
         b.acceptable_shape(broadcast_shapes(b[x].type.shape, b[y].type.shape));
}

// Joins what is left over into few results; nothing where an argument would not matter.
bool close_root(Builder& b) {
  const std::vector<ValueId> parameters = parameters_of(b);
  std::vector<ValueId> ends = b.unused();
  const std::size_t wanted = 1 + b.random().weighted(std::vector<double>{0.5, 0.3, 0.15, 0.05});
  const auto is_parameter = [&](ValueId id) {
    return std::find(parameters.begin(), parameters.end(), id) != parameters.end();
  };
  for (int tries = 0; tries < 40; ++tries) {
    ends = b.unused();
    const auto bare = std::find_if(ends.begin(), ends.end(), is_parameter);
    if (ends.size() <= wanted && bare == ends.end()) break;
    if (ends.size() == 1) return false;  // a bare parameter alone
    // Two that meet as they are; a bare parameter must meet one.
    std::vector<std::pair<ValueId, ValueId>> pairs;
    for (ValueId x : bare != ends.end() ? std::vector<ValueId>{*bare} : ends)
      for (ValueId y : ends)
        if (x != y && meets(b, x, y)) pairs.emplace_back(x, y);
    if (pairs.empty() && bare == ends.end() &&
        ends.size() <= profile_of(b.settings().size).most_results)
      break;
    if (pairs.empty()) return false;
    const auto [x, y] = b.random().pick(pairs);
    if (!b.combine(x, y)) return false;
  }
  // An argument that might not show goes into a result once more.
  for (int tries = 0; tries < 4; ++tries) {
    ends = b.unused();
    std::uint32_t sure = 0;
    for (ValueId id : ends) sure |= b[id].sure;
    const auto missing = std::find_if(parameters.begin(), parameters.end(),
                                      [&](ValueId p) { return (b[p].arguments & ~sure) != 0; });
    if (missing == parameters.end()) break;
    const std::uint32_t bit = b[*missing].arguments;
    const auto y = b.random().chance(0.5) ? std::optional(*missing) : b.draw([&](const Value& v) {
      return (v.sure & bit) != 0 && tensor::is_inexact(v.type.dtype);
    });
    if (!y) return false;
    std::erase_if(ends, [&](ValueId x) { return x == *y || !meets(b, x, *y); });
    if (ends.empty() || !b.combine(b.random().pick(ends), *y, /*plainly=*/true)) return false;
  }
  return return_ends(b);
}

std::size_t node_count(const Program& program) {
  std::size_t n = 0;
  for (const Body& body : program.bodies) n += body.nodes.size();
  return n;
}

// `with_function`: by an operation that holds a function.
bool shows_category(const Program& program, Category category, bool with_function) {
  return std::any_of(program.bodies.begin(), program.bodies.end(), [&](const Body& body) {
    return std::any_of(body.nodes.begin(), body.nodes.end(), [&](const Node& n) {
      return program.catalogue->named(n.op).category == category &&
             (!with_function || !n.bodies.empty());
    });
  });
}

// A second argument beside one: of its type, a number of it, or of another type.
Drawn beside(Builder& b, const CategoryProfile& profile, const Drawn& first) {
  constexpr double kSame = 0.55, kNumber = 0.25, kPlace = 0.4, kOfItsShape = 0.5;
  constexpr double kLastPlace = 3;
  const double draw = b.random().uniform();
  Drawn out = first;
  if (draw < kSame) return out;
  if (draw < kSame + kNumber) {
    out.type.shape = {};
    if (!b.random().chance(kPlace) || !b.allowed(b.settings().integer)) return out;
    out.type.dtype = b.settings().integer;
    out.stats = uniform_stats(b.random(), 0, kLastPlace, true);
    return out;
  }
  out = draw_argument(b, profile, 1);
  if (b.random().chance(kOfItsShape)) out.type.shape = first.type.shape;
  return out;
}

// A new argument of the root, or what is made of some (plan/preparation.h) where it may be.
ValueId data_of(Builder& b, const Drawn& drawn, bool may_be_prepared) {
  // What is measured comes about in the most ways that suit any function.
  static const std::vector<std::string> kNumbers = {"level", "reading", "amount"},
                                        kArrays = {"readings", "measurements", "levels"},
                                        kWhole = {"codes", "counts", "ids"},
                                        kFlags = {"mask", "flags"};
  const Type& type = drawn.type;
  const std::uint32_t kind = kind_of(type.dtype);
  const std::vector<std::string>& words = kind == kBoolKind         ? kFlags
                                          : (kind & kIntegers) != 0 ? kWhole
                                          : type.shape.empty()      ? kNumbers
                                                                    : kArrays;
  const Wanted wanted{{b.random().pick(words)}, type, practical(drawn.stats)};
  constexpr double kPrepared = 0.6;
  if (may_be_prepared && b.random().chance(kPrepared))
    if (const auto made = prepared(b, wanted)) return *made;
  const std::uint32_t bit = 1u << parameters_of(b).size();
  const std::uint32_t differentiable = tensor::is_inexact(type.dtype) ? bit : 0;
  return b.add_parameter({type, drawn.stats, "", bit, differentiable, 0, bit});
}

// The same operation, on a new argument of the root that it must use; on two where it does not meet
// what is there.
Op on_new_argument(const Op& op, const CategoryProfile& profile) {
  Op out = op;
  out.draw = [&op, &profile](Builder& b, Draft& draft) {
    const std::size_t given = parameters_of(b).size();
    const std::size_t most = profile_of(b.settings().size).most_arguments;
    CategoryProfile any = profile;
    any.integer_share = 0.3, any.bool_share = 0.2, any.complex_share = 0.25;
    if (given >= most) return false;
    // The first one may be flags, too.
    const bool any_kind = given == 0 && b.random().chance(0.35);
    Drawn drawn = draw_argument(b, any, static_cast<int>(given) + (any_kind ? 1 : 0));
    std::vector<ValueId> added;
    for (int n = 0; n < 2 && parameters_of(b).size() < most; ++n) {
      if (n > 0) drawn = beside(b, any, drawn);
      // What shows little of its operands shows less of what those are made of.
      added.push_back(data_of(b, drawn, !op.has(kMostlyHidden)));
      // What an attempt leaves behind would be taken for part of the next one.
      const Program before = b.program();
      Draft own = draft;
      if (!op.draw(b, own)) {
        b.program() = before;
        continue;
      }
      draft = std::move(own);
      return std::ranges::all_of(added, [&](ValueId id) {
        return b[id].uses > 0 || std::ranges::find(draft.operands, id) != draft.operands.end();
      });
    }
    return false;
  };
  return out;
}

// What a family that spreads over devices features: one operation that does.
std::optional<Op> featured_over_devices(const Catalogue& catalogue, Random random) {
  std::vector<const Op*> all;
  for (const Op& op : catalogue.ops())
    if (op.weight > 0 && op.has(kOverDevices)) all.push_back(&op);
  if (all.empty()) return std::nullopt;
  return *random.pick(all);
}

// Every spelling of it is as likely.
bool draw_featured(Builder& b, const CategoryProfile& profile, const Op& op) {
  constexpr int kTriesOfEach = 16;
  const Op again = on_new_argument(op, profile);
  bool drawn = b.draw_op(op, /*any_spelling=*/true);
  for (int tries = 0; !drawn && tries < kTriesOfEach; ++tries)
    // What is written out takes arguments of its own where none fits.
    drawn = b.draw_op(op.has(kWritten) && tries % 2 == 0 ? op : again, /*any_spelling=*/true);
  return drawn;
}

// A family's types and ranks suit what it features, where any of its run do.
void suit(Settings& settings, const Op& featured, const Random& random, int max_rank) {
  std::vector<Settings> ways(2, settings);
  ways.back().max_rank = max_rank;
  for (const DType real : {DType::kF32, DType::kF64}) {
    if (std::ranges::find(settings.dtypes, real) == settings.dtypes.end()) continue;
    ways.push_back(ways[1]);
    ways.back().real = real;
  }
  for (const Settings& way : ways) {
    if (!apply_alone(way, featured, random)) continue;
    settings = way;
    return;
  }
}

// What a family begins with and features is its own, by its number: drawn anew at each attempt,
// what is hard to close would give way to what is easy. Where most attempts have failed, it does.
struct Beginning {
  bool idiomatic;
  bool featured_needed;
  bool branches;  // its category must show by an operation that holds a function
};

Beginning beginning(const Settings& settings, const Family& family, int attempt) {
  const bool own = attempt < kTriesOfItsOwn;
  Random random =
      Random(family.seed, family.number).fork(fmt::format("beginning {}", own ? 0 : attempt));
  const bool drawn =
      own ? !family.features
          : random.chance(1 - static_cast<double>(kWithoutIdiom) / static_cast<double>(kRound));
  const double branch_share = settings.catalogue->profile(family.category).branch_share;
  const bool branches = random.chance(branch_share) && settings.idioms.empty();
  return {!settings.idioms.empty() || (drawn && has_idioms(*settings.catalogue, family.category)),
          own, branches};
}

std::optional<Program> try_root(const Settings& settings, const Family& family, Random random,
                                int attempt) {
  const Category category = family.category;
  const Op* featured = family.featured ? &*family.featured : nullptr;
  Program program;
  program.catalogue = settings.catalogue;
  program.seed = family.seed;
  program.family = family.number;
  const CategoryProfile& profile = program.catalogue->profile(category);
  program.category = std::string(profile.name);
  program.x64 = settings.x64;
  program.devices = settings.devices;
  Builder b(program, settings, random);
  Builder::BodySpec spec;
  spec.placement = Placement::kEntry;
  const SizeProfile& size = profile_of(settings.size);
  // What spreads over devices is about that.
  const bool spreads = settings.devices > 1 && settings.idioms.empty();
  const bool composed = settings.size == SizeClass::kLarge && attempt < kComposedTries && !spreads;
  auto [begins_with_idiom, featured_needed, branches] = beginning(settings, family, attempt);
  // Where nothing of the category goes on with what a family features, it is about an idiom.
  const bool gives_up = attempt >= kTriesInSetting && has_idioms(*settings.catalogue, category);
  begins_with_idiom = (begins_with_idiom || gives_up) && !spreads;
  // What a family features may have no setting; then other operations go on with it.
  const bool has_setting =
      attempt < kTriesInSetting && featured != nullptr && has_settings(*settings.catalogue);
  if (!composed && !begins_with_idiom && !has_setting) {
    // The builder draws in a body only; arguments are drawn before there is one.
    const std::size_t count =
        1 + b.random().weighted(settings.max_rank == 0
                                    ? std::vector<double>{0.1, 0.3, 0.35, 0.25}
                                    : std::vector<double>{0.22, 0.42, 0.26, 0.1});
    for (std::size_t i = 0; i < count; ++i) {
      const Drawn drawn = draw_argument(b, profile, static_cast<int>(i));
      spec.parameters.push_back({drawn.type, drawn.stats, "", 1u << i,
                                 tensor::is_inexact(drawn.type.dtype) ? 1u << i : 0, 0, 1u << i});
    }
  }
  int steps = 1 + static_cast<int>(b.random().below(size.steps));
  if (size.more_steps > 0 && b.random().chance(0.3))
    steps += static_cast<int>(b.random().below(size.more_steps));
  if (settings.max_rank == 0) steps += static_cast<int>(b.random().below(kMoreOfScalars));
  // What shows little of itself stands beside more that does.
  const bool hides = !begins_with_idiom && featured != nullptr && featured->has(kMostlyHidden);
  if (hides) steps += kStepsBeside;
  const auto root = b.body(spec, [&](const std::vector<ValueId>&) {
    if (composed) return compose(b, category);
    if (begins_with_idiom) return fill_with_idioms(b, category);
    if (has_setting)
      return fill_with_setting(
          b, category, *featured, [&] { return draw_featured(b, profile, *featured); },
          [&] { return shows_category(program, category, branches); }, attempt >= kTriesAlone);
    if (featured != nullptr && !draw_featured(b, profile, *featured) && featured_needed)
      return false;
    if (!shows_prepared(b)) return false;
    b.grow(profile.has_bodies ? std::max(2, steps - 2) : steps);
    return close_root(b);
  });
  // A category may have nothing as small as was asked for.
  const std::size_t most_nodes =
      attempt < kTriesOfItsOwn && !hides
          ? size.most_nodes
          : std::max(size.most_nodes, profile_of(SizeClass::kMedium).most_nodes);
  if (!root || !shows_category(program, category, branches) || node_count(program) > most_nodes)
    return std::nullopt;
  if (attempt < kTriesToShow && least_shown(program, *root) < least_visible(settings.real))
    return std::nullopt;
  program.root = *root;
  const bool used = uses_devices(program);
  if (spreads && featured_needed && !used) return std::nullopt;
  if (!used) program.devices = 1;
  return program;
}

// Of programs the one that hides least.
struct LeastHidden {
  std::optional<Program> program;
  double hidden = 0;
  int seen = 0;

  void take(Program candidate) {
    const double share = hidden_share(candidate, candidate.root);
    ++seen;
    if (program && share >= hidden) return;
    program = std::move(candidate);
    hidden = share;
  }
};

// A member that a rule gives; drawn again where most of it would be hidden, and left out in the
// end.
std::optional<Member> member_by(MemberRule rule, const Program& root, const Settings& settings,
                                const Random& random) {
  constexpr int kTimes = 3;
  for (int time = 0; time < kTimes; ++time) {
    auto member = rule(root, settings, time == 0 ? random : random.fork(std::to_string(time)));
    if (!member || hidden_share(member->program, member->program.root) <= kMostHiddenOfMember)
      return member;
  }
  return std::nullopt;
}

// Draws the root again with other settings; a variant takes the same decisions.
std::optional<Member> variant(const PlanOptions& options, const Program& root,
                              const Settings& settings, std::string what) {
  auto again = plan_root(options, settings, root.seed, root.family);
  if (!again || operations_of(*again) != operations_of(root)) return std::nullopt;
  // Wholes of one entry have as many steps now and then, and are not the same.
  const auto types = [](const Program& program) {
    std::vector<Type> out;
    for (const ValueId id : program.bodies[static_cast<std::size_t>(program.root)].parameters)
      out.push_back(program.values[static_cast<std::size_t>(id)].type);
    return out;
  };
  const std::vector<Type> own = types(root), others = types(*again);
  const bool differs = own.size() == others.size() && own != others;
  if (!differs || hidden_share(*again, again->root) > kMostHiddenOfMember) return std::nullopt;
  return Member{std::move(*again), "forward", std::move(what)};
}

// Its type of reals, or the usual one in place of sixteen bits, where a run has that.
DType full_precision(const Settings& settings) {
  const bool usual = std::ranges::find(settings.dtypes, DType::kF32) != settings.dtypes.end();
  return usual && tensor::byte_size(settings.real) == 2 ? DType::kF32 : settings.real;
}

}  // namespace

std::vector<std::string_view> operations_of(const Program& program) {
  std::vector<std::string_view> out;
  for (const Body& body : program.bodies) {
    for (const Node& node : body.nodes) out.push_back(node.op);
  }
  return out;
}

bool uses_devices(const Program& program) {
  return std::any_of(program.bodies.begin(), program.bodies.end(), [&](const Body& body) {
    return std::any_of(body.nodes.begin(), body.nodes.end(), [&](const Node& n) {
      const Op* op = program.catalogue->find(n.op);  // a call of another body is no entry
      return op != nullptr && op->has(kOverDevices);
    });
  });
}

SizeClass family_size(const PlanOptions& options, std::uint64_t seed, std::uint64_t family) {
  SizeClass size = options.size;
  if (size == SizeClass::kMix) {
    std::vector<double> shares;
    for (const auto each : {SizeClass::kSmall, SizeClass::kMedium, SizeClass::kLarge})
      shares.push_back(profile_of(each).share *
                       weights_of(options).sizes[static_cast<std::size_t>(each)]);
    size = static_cast<SizeClass>(Random(seed, family).fork("size").weighted(shares));
  }
  const auto whole = [&](const std::string& name) {
    const Op* op = options.catalogue->find(name);
    return op != nullptr && field_of(*op) == Field::kWholes;
  };
  if (!options.idioms.empty() && std::ranges::all_of(options.idioms, whole))
    return SizeClass::kLarge;  // such a program has no other size
  // Large programs are made of idioms.
  const bool composed = has_idioms(*options.catalogue, family_category(options, seed, family));
  return size == SizeClass::kLarge && !composed ? SizeClass::kMedium : size;
}

Settings family_settings(const PlanOptions& options, std::uint64_t seed, std::uint64_t family) {
  Random random = Random(seed, family).fork("settings");
  const Weights& fitted = weights_of(options);
  Settings s;
  s.catalogue = options.catalogue;
  s.weights = options.weights;
  s.dtypes = options.dtypes.empty() ? all_dtypes() : options.dtypes;
  const bool wide = std::any_of(s.dtypes.begin(), s.dtypes.end(), tensor::needs_x64);
  const bool narrow =
      std::any_of(s.dtypes.begin(), s.dtypes.end(), [](DType d) { return !tensor::needs_x64(d); });
  const auto chunks = static_cast<std::uint64_t>(fitted.wide_chunks);
  s.x64 = wide && (!narrow || (family / kFamiliesPerChunk) % kX64Period >= kX64Period - chunks);
  if (!s.x64) std::erase_if(s.dtypes, tensor::needs_x64);
  s.real = draw_dtype(
      random, s.dtypes, s.x64,
      {{DType::kF32, 0.72}, {DType::kF16, 0.12}, {DType::kBF16, 0.12}, {DType::kF64, 0.5}}, fitted,
      DType::kF32);
  s.integer = draw_dtype(random, s.dtypes, s.x64,
                         {{DType::kI32, 0.6},
                          {DType::kU8, 0.12},
                          {DType::kI8, 0.1},
                          {DType::kU32, 0.15},
                          {DType::kI64, 0.5}},
                         fitted, DType::kI32);
  s.max_rank = options.max_rank;
  // Where a family spreads over devices the sizes of axes divide among them.
  const Family own = family_of(options, seed, family);
  const Category category = own.category;
  const double share = options.catalogue->profile(category).device_share;
  const bool spread = share > 0 && random.chance(share);
  s.devices = spread ? options.devices : 1;
  std::vector<std::int64_t> pool = {2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16};
  random.shuffle(pool);
  // Fusions, loops and tiles of optimised code only show on long axes.
  static const std::vector<std::int64_t> kLong = {20, 24, 32, 32, 48, 64, 64, 100, 128, 128, 256};
  if (random.chance(std::min(0.95, 0.85 * fitted.long_axes))) {
    pool[0] = random.pick(kLong);
    if (random.chance(0.6)) pool[1] = random.pick(kLong);
  }
  if (spread) pool = {options.devices, 2 * options.devices, random.between(2, 3)};
  pool.resize(3);
  s.sizes = pool;
  static const std::vector<std::int64_t> kVeryLong = {512, 1000, 1024, 2048, 4096};
  if (!spread && random.chance(0.08 * fitted.long_axes)) s.longest = random.pick(kVeryLong);
  s.mix = mix_of(*options.catalogue, category);
  s.size = family_size(options, seed, family);
  s.idioms = options.idioms;
  // Large programs need arrays to go on with.
  const double scalars =
      std::min(0.6, options.catalogue->profile(category).scalar_share * fitted.rank(0));
  if (s.size != SizeClass::kLarge && s.idioms.empty() && random.chance(scalars)) s.max_rank = 0;
  if (own.features && own.featured && !spread && s.idioms.empty())
    suit(s, *own.featured, random.fork("suit"), options.max_rank);
  return s;
}

bool features(const PlanOptions& options, std::uint64_t seed, std::uint64_t family) {
  return options.idioms.empty() && family_of(options, seed, family).features;
}

bool apply_alone(const Settings& settings, const Op& op, Random random,
                 const std::function<void(const Program&)>& use) {
  Program program;
  program.catalogue = settings.catalogue;
  program.x64 = settings.x64;
  program.devices = settings.devices;
  Builder b(program, settings, random);
  Builder::BodySpec spec;
  spec.placement = Placement::kEntry;
  bool applied = false;
  b.body(spec, [&](const std::vector<ValueId>&) {
    applied = draw_featured(b, settings.catalogue->profile(op.category), op);
    if (applied && use) use(program);
    return false;
  });
  return applied;
}

std::optional<Program> plan_root(const PlanOptions& options, const Settings& settings,
                                 std::uint64_t seed, std::uint64_t family) {
  Family own_family = family_of(options, seed, family);
  if (settings.devices > 1)
    own_family.featured =
        featured_over_devices(*settings.catalogue, Random(seed, family).fork("over devices"));
  const Category category = own_family.category;
  Settings own = settings;
  LeastHidden least;
  const bool takes_any =
      !own_family.features && Random(seed, family).fork("hidden").chance(kHiddenIdioms);
  for (int attempt = 0; attempt < kTries; ++attempt) {
    // What hides much of itself, whatever stands beside it, shows as much as it can.
    if (least.seen == kHiddenPrograms || (attempt >= kTriesToShow && least.program)) break;
    // What a family features may need an axis, or more digits.
    if (attempt >= kTriesOfScalars) own.max_rank = options.max_rank;
    if (attempt == kTriesOfHalf && own_family.features) own.real = full_precision(own);
    // Few wholes are computed in sixteen bits.
    if (attempt == kTriesOfLargeInHalf && own.size == SizeClass::kLarge)
      own.real = full_precision(own);
    const Random random = Random(seed, family).fork(fmt::format("program {}", attempt));
    if (auto program = try_root(own, own_family, random, attempt)) {
      // A loop is what that category is about.
      if (!options.catalogue->profile(category).keeps_loops)
        unroll_loops(*program, Random(seed, family).fork("unroll"));
      least.take(std::move(*program));
      if (takes_any || least.hidden <= kMostHidden) break;
    }
  }
  if (least.program) pack_arguments(*least.program, Random(seed, family).fork("packs"));
  return std::move(least.program);
}

bool reverse_differentiable(const Program& program) {
  for (const Body& body : program.bodies) {
    for (const Node& node : body.nodes) {
      const Derivative d = program.catalogue->named(node.op).derivative;
      if (d != Derivative::kForward && d != Derivative::kNone) continue;
      for (ValueId id : node.operands) {
        if (program.values[static_cast<std::size_t>(id)].grad_arguments != 0) return false;
      }
    }
  }
  return true;
}

std::vector<Member> plan_family(const PlanOptions& options, std::uint64_t seed,
                                std::uint64_t family) {
  return plan_family(options, family_settings(options, seed, family), seed, family);
}

std::vector<Member> plan_family(const PlanOptions& options, const Settings& settings,
                                std::uint64_t seed, std::uint64_t family) {
  const auto root = plan_root(options, settings, seed, family);
  if (!root) return {};
  std::vector<Member> members = {Member{*root, "forward", "base"}};
  Random random = Random(seed, family).fork("members");
  const auto add = [&](std::optional<Member> member) {
    if (member) members.push_back(std::move(*member));
  };
  const Vocabulary& words = options.catalogue->vocabulary();
  if (words.gradient) add(member_by(words.gradient, *root, settings, random.fork("gradient")));
  const Category category = family_category(options, seed, family);
  const bool branches = options.catalogue->profile(category).branch_share > 0;
  bool left_out = false;  // a function that nobody would map has another member
  if (words.mapped && random.chance(branches ? 0.12 : 0.35)) {
    auto mapped = member_by(words.mapped, *root, settings, random.fork("vmap"));
    left_out = !mapped;
    add(std::move(mapped));
  }
  if (random.chance(left_out ? 0.6 : 0.35)) {
    Settings other = settings;
    std::vector<std::pair<DType, double>> reals = {
        {DType::kF32, 0.5}, {DType::kF16, 0.3}, {DType::kBF16, 0.3}, {DType::kF64, 0.1}};
    std::erase_if(reals, [&](const auto& r) { return r.first == settings.real; });
    other.real = draw_dtype(random, settings.dtypes, settings.x64, reals, weights_of(options),
                            settings.real);
    if (other.real != settings.real) add(variant(options, *root, other, "dtype"));
  }
  if (random.chance(0.4)) {
    Settings other = settings;
    for (auto& n : other.sizes) n = n % 2 ? n + 2 : n > 4 ? n - 2 : n + 6;
    if (other.longest > 0) other.longest -= 2;
    add(variant(options, *root, other, "shape"));
  }
  return members;
}

}  // namespace jaxsmith::plan
