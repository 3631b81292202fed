// Primitives that run jaxprs: calls, branches and loops.
#include <fmt/format.h>

#include <algorithm>

#include "ir/jaxpr/op_table.h"
#include "tensor/movement.h"

namespace jaxsmith::jaxpr {
namespace {

std::size_t count_of(const Call& c, std::string_view key, std::size_t most) {
  const std::int64_t n = c.integer(key);
  if (n < 0 || n > static_cast<std::int64_t>(most))
    invalid(fmt::format("{} is {}, of {} operands", key, n, most));
  return static_cast<std::size_t>(n);
}

Values joined(Values first, const Values& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

bool same_type(const Value& a, const Value& b) {
  if (a.kind == Value::Kind::kLost || b.kind == Value::Kind::kLost) return true;
  return a.kind == b.kind && type_text(a) == type_text(b);
}

void require_same_types(const Values& found, const Values& wanted, const char* what) {
  if (found.size() != wanted.size())
    invalid(fmt::format("{} gives {} values, not {}", what, found.size(), wanted.size()));
  for (std::size_t i = 0; i < found.size(); ++i)
    if (!same_type(found[i], wanted[i]))
      invalid(fmt::format("{} gives {} as value {}, not {}", what, type_text(found[i]), i,
                          type_text(wanted[i])));
}

OpRule call_rule(std::string_view name, std::string_view key) {
  OpRule out{name, [key](const Call& c) { return c.run(c.inner(key), c.operands()); }};
  out.hands_on = out.calls = true;
  out.runs = key;
  return out;
}

// One whose jaxprs' operations count.
OpRule control_rule(std::string_view name, Values (*rule)(const Call&), std::string_view runs) {
  OpRule out{name, rule};
  out.hands_on = true;
  out.runs = runs;
  return out;
}

// ---- cond

Values cond_rule(const Call& c) {
  const Array& index = c.array(0);
  const ParamValue& branches = c.need("branches");
  const std::size_t n = branches.items.size();
  if (n == 0) invalid("there is no branch");
  if (index.rank() != 0 || (index.dtype() != DType::kI32 && index.dtype() != DType::kBool))
    invalid(fmt::format("the index is {}, not i32[]", index.type_text()));
  const Values arguments = c.values(1, c.size());
  if (!c.abstract()) {
    const auto last = static_cast<std::int64_t>(n) - 1;
    const auto chosen =
        static_cast<std::size_t>(std::clamp<std::int64_t>(index.int_at(0), 0, last));
    return c.run(c.inner(branches.items[chosen]), arguments);
  }
  Values out;
  for (std::size_t i = 0; i < n; ++i) {
    Values own = c.run(c.inner(branches.items[i]), arguments);
    if (i > 0) require_same_types(own, out, fmt::format("branch {}", i).c_str());
    if (i == 0) out = std::move(own);
  }
  return out;
}

// Which of the platforms this is: the first that names the CPU, or none at all.
Values platform_index_rule(const Call& c) {
  c.want(0);
  const ParamValue& platforms = c.need("platforms");
  std::int64_t index = static_cast<std::int64_t>(platforms.items.size());
  for (std::size_t i = platforms.items.size(); i-- > 0;) {
    const ParamValue& p = platforms.items[i];
    const bool cpu = std::any_of(p.items.begin(), p.items.end(),
                                 [](const ParamValue& item) { return item.as_string() == "cpu"; });
    if (p.is_none() || cpu) index = static_cast<std::int64_t>(i);
  }
  if (index == static_cast<std::int64_t>(platforms.items.size()))
    unsupported("code for other platforms than the CPU");
  return {c.make().scalar_int(DType::kI32, index)};
}

// ---- while

// The arrays that the value is made of, to write to.
std::vector<Array*> arrays_in(Value& v) {
  if (v.kind == Value::Kind::kArray) return {&v.array};
  std::vector<Array*> out;
  for (Array& w : v.words) out.push_back(&w);
  return out;
}

// A batch of loops goes on while any of them does, and keeps what is of those that have ended.
Values kept_where_ended(const Array& again, const Values& before, Values after) {
  Values old = before;
  for (std::size_t i = 0; i < after.size(); ++i) {
    const auto from = arrays_in(old.at(i)), to = arrays_in(after[i]);
    for (std::size_t w = 0; w < std::min(from.size(), to.size()); ++w) {
      Ints dims;
      for (std::int64_t d = 0; d < again.rank(); ++d) dims.push_back(d);
      *to[w] =
          tensor::select(tensor::broadcast_in_dim(again, to[w]->shape(), dims), *to[w], *from[w]);
    }
  }
  return after;
}

bool any(const Array& bools) {
  const auto values = bools.ints();
  return std::any_of(values.begin(), values.end(), [](std::int64_t v) { return v != 0; });
}

Values while_rule(const Call& c) {
  const std::size_t of_cond = count_of(c, "cond_nconsts", c.size()),
                    of_body = count_of(c, "body_nconsts", c.size() - of_cond);
  const Inner cond = c.inner("cond_jaxpr"), body = c.inner("body_jaxpr");
  const Values cond_constants = c.values(0, of_cond),
               body_constants = c.values(of_cond, of_cond + of_body);
  Values state = c.values(of_cond + of_body, c.size());
  for (const tensor::Rounds rounds(c.context());; rounds.next()) {
    const Values found = c.run(cond, joined(cond_constants, state));
    if (found.size() != 1 || found[0].as_array().dtype() != DType::kBool)
      invalid("the condition gives no bool");
    const Array& again = found[0].array;
    if (!c.abstract() && !any(again)) return state;
    Values next = c.run(body, joined(body_constants, state));
    if (c.abstract()) require_same_types(next, state, "the body");
    if (again.rank() != 0) next = kept_where_ended(again, state, std::move(next));
    if (c.abstract()) return next;
    state = std::move(next);
  }
}

// ---- scan

template <class F>
Value map_arrays(const Value& v, F f) {
  if (v.kind != Value::Kind::kKey) return f(v.as_array());
  std::vector<Array> words;
  for (const Array& w : v.words) words.push_back(f(w));
  return Value::keys(v.key, std::move(words));
}

Array row_of(const Array& x, std::int64_t i) {
  Ints start(x.shape().size(), 0), limit = x.shape();
  Shape shape(x.shape().begin() + 1, x.shape().end());
  start[0] = i;
  limit[0] = i + 1;
  return tensor::slice(x, start, limit, Ints(start.size(), 1)).reshaped(std::move(shape));
}

Array with_length(const Array& x, std::int64_t length) {
  Shape shape = x.shape();
  shape.insert(shape.begin(), length);
  return x.zeros(x.dtype(), std::move(shape));
}

// A loop over the first dimension of its last operands.
class Scan {
 public:
  explicit Scan(const Call& c) : c_(c), body_(c.inner("jaxpr")), length_(c.integer("length")) {
    require(length_ >= 0, "the length is negative");
    const std::size_t constants = count_of(c, "num_consts", c.size());
    carried_ = count_of(c, "num_carry", c.size() - constants);
    constants_ = c.values(0, constants);
    state_ = c.values(constants, constants + carried_);
    xs_ = c.values(constants + carried_, c.size());
    for (const Value& x : xs_) {
      const Array& a = x.kind == Value::Kind::kKey ? x.words[0] : x.as_array();
      if (a.rank() < 1 || a.shape()[0] != length_)
        invalid(fmt::format("{} is no array of length {}", type_text(x), length_));
    }
  }

  Values run() {
    const bool reverse = c_.flag("reverse");
    if (c_.abstract() || length_ == 0) return types();
    const tensor::Rounds rounds(c_.context());
    for (std::int64_t n = 0; n < length_; ++n, rounds.next()) step(reverse ? length_ - 1 - n : n);
    return joined(std::move(state_), ys_);
  }

 private:
  Values types() {
    std::vector<Value> ys;
    if (!c_.abstract()) {
      for (std::size_t i = carried_; i < c_.result_count(); ++i) {
        const Type& t = c_.result_type(i);
        ys.push_back(map_arrays(
            t.abstract(), [&](const Array& a) { return c_.make().zeros(a.dtype(), a.shape()); }));
      }
      return joined(state_, ys);
    }
    Values out = c_.run(body_, joined(joined(constants_, state_), rows([](const Array& x) {
                                        return Array::typed(x.dtype(), Shape(x.shape().begin() + 1,
                                                                             x.shape().end()));
                                      })));
    if (out.size() < carried_) invalid("the body gives fewer values than are carried");
    Values carried(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(carried_));
    require_same_types(carried, state_, "the body");
    for (std::size_t i = carried_; i < out.size(); ++i)
      carried.push_back(
          map_arrays(out[i], [this](const Array& a) { return with_length(a, length_); }));
    return carried;
  }

  template <class F>
  Values rows(F f) const {
    Values out;
    for (const Value& x : xs_) out.push_back(map_arrays(x, f));
    return out;
  }

  void step(std::int64_t i) {
    Values arguments = joined(constants_, state_);
    state_.clear();  // so that the body may write to what nobody else holds
    for (Value& x : rows([i](const Array& a) { return row_of(a, i); }))
      arguments.push_back(std::move(x));
    Values out = c_.run(body_, std::move(arguments));
    if (out.size() < carried_) invalid("the body gives fewer values than are carried");
    const bool first = ys_.empty();
    for (std::size_t k = carried_; k < out.size(); ++k) {
      if (out[k].kind == Value::Kind::kLost) {
        if (first) ys_.push_back(out[k]);
        continue;
      }
      if (first)
        ys_.push_back(
            map_arrays(out[k], [this](const Array& a) { return with_length(a, length_); }));
      const auto from = arrays_in(out[k]), to = arrays_in(ys_[k - carried_]);
      for (std::size_t w = 0; w < from.size(); ++w) {
        const Ints strides = tensor::row_major_strides(from[w]->shape());
        tensor::copy_box(from[w]->shape(), *from[w], 0, strides, *to[w], i * from[w]->size(),
                         strides);
      }
    }
    out.resize(carried_);
    state_ = std::move(out);
  }

  const Call& c_;
  Inner body_;
  std::int64_t length_;
  std::size_t carried_ = 0;
  Values constants_, state_, xs_, ys_;
};

Values scan_rule(const Call& c) { return Scan(c).run(); }

// ---- custom_linear_solve

// The solver alone, of those jaxprs that say what a solution is.
Values custom_linear_solve_rule(const Call& c) {
  const ParamValue &lengths = c.need("const_lengths"), &jaxprs = c.need("jaxprs");
  std::size_t at = 0, first = 0, last = 0;
  for (std::string_view key : {"matvec", "vecmat", "solve", "transpose_solve"}) {
    const ParamValue* length = lengths.keyword(key);
    const auto n = length ? length->as_int() : std::nullopt;
    if (!n || *n < 0 || *n > static_cast<std::int64_t>(c.size() - at))
      invalid(fmt::format("const_lengths has no number {}", key));
    if (key == "solve") first = at;
    at += static_cast<std::size_t>(*n);
    if (key == "solve") last = at;
  }
  const ParamValue* solve = jaxprs.keyword("solve");
  if (!solve) invalid("jaxprs has no solve");
  return c.run(c.inner(*solve), joined(c.values(first, last), c.values(at, c.size())));
}

// Its jaxpr writes to references that hold the operands; what they hold then are the results.
Values run_state_rule(const Call& c) {
  if (const ParamValue* initialized = c.attribute("is_initialized"))
    for (const ParamValue& item : initialized->items)
      if (item.as_bool() == false) unsupported("run_state with references that hold nothing yet");
  Values references;
  for (std::size_t i = 0; i < c.size(); ++i) references.push_back(Value::ref(c.array(i)));
  if (!c.run(c.inner("jaxpr"), references).empty()) invalid("the jaxpr of run_state has results");
  Values out;
  for (const Value& r : references) out.emplace_back(*r.cell);
  return out;
}

// What prints or calls back and gives nothing.
Values silent_rule(const Call& c) {
  if (c.result_count() != 0) unsupported(fmt::format("{} with results", c.name()));
  return {};
}

Values token_rule(const Call&) { return {Value()}; }

}  // namespace

void add_control_rules(OpRules& rules) {
  for (std::string_view name : {"call", "closed_call", "core_call", "custom_jvp_call",
                                "custom_vjp_call", "custom_lin_call", "remat_call", "xla_call"})
    rules.push_back(call_rule(name, "call_jaxpr"));
  rules.push_back(call_rule("custom_vmap_call", "call"));
  rules.push_back(call_rule("linear_call", "callee"));
  rules.push_back(call_rule("custom_vjp_call_jaxpr", "fun_jaxpr"));
  for (std::string_view name :
       {"checkpoint", "composite", "jit", "pjit", "remat", "remat2", "remat_opt"})
    rules.push_back(call_rule(name, "jaxpr"));
  const OpRules own = {
      {"after_all", token_rule},
      control_rule("cond", cond_rule, "branches"),
      {"create_token", token_rule},
      {"custom_linear_solve", custom_linear_solve_rule, false, false, true},
      {"dce_sink", silent_rule},
      {"debug_callback", silent_rule},
      {"debug_print", silent_rule},
      {"platform_index", platform_index_rule},
      {"run_state", run_state_rule},
      control_rule("scan", scan_rule, "jaxpr"),
      control_rule("while", while_rule, "body_jaxpr"),
  };
  rules.insert(rules.end(), own.begin(), own.end());
}

}  // namespace jaxsmith::jaxpr
