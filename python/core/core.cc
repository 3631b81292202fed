// jaxsmith._core: the readers and evaluators of IR for Python. python/jaxsmith/reading.py says it
// in NumPy's terms. Arrays come and go as (dtype, shape, bytes).
#include <nanobind/nanobind.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>

#include "check/program.h"
#include "score/grade.h"
#include "tensor/array.h"
#include "tensor/from_bytes.h"

namespace nb = nanobind;

namespace {

using jaxsmith::Error;
using jaxsmith::check::IrProgram;
using jaxsmith::tensor::EvaluationError;
using jaxsmith::tensor::Tensor;

// What became of a call, carried out of the part without Python's lock.
struct Failure {
  std::string message;
  const char* exception;  // of jaxsmith.errors
};

const char* exception_of(EvaluationError::Kind kind) {
  switch (kind) {
    case EvaluationError::Kind::kUnsupported:
      return "UnsupportedError";
    case EvaluationError::Kind::kBudget:
      return "BudgetError";
    default:
      return "IRError";
  }
}

Failure failure_of(const IrProgram& program, const Error& error) {
  return {error.message, exception_of(program.error_kind())};
}

void set_exception(const Failure& failure) {
  const nb::object type = nb::module_::import_("jaxsmith.errors").attr(failure.exception);
  PyErr_SetString(type.ptr(), failure.message.c_str());
}

[[noreturn]] void raise(const Failure& failure) {
  set_exception(failure);
  throw nb::python_error();
}

Tensor tensor_of(const nb::tuple& array) {
  const auto name = nb::cast<std::string>(array[0]);
  const auto dtype = jaxsmith::tensor::dtype_from_jaxpr_name(name);
  if (!dtype) raise({"there are no arrays of " + name, "UnsupportedError"});
  const nb::bytes data = nb::cast<nb::bytes>(array[2]);
  auto out = jaxsmith::tensor::tensor_from_bytes(
      *dtype, nb::cast<std::vector<std::int64_t>>(array[1]), {data.c_str(), data.size()});
  if (!out.ok()) raise({"an array: " + out.error().message, "IRError"});
  return std::move(out).value();
}

nb::tuple tuple_of(const Tensor& t) {
  return nb::make_tuple(std::string(jaxsmith::tensor::jaxpr_name(t.dtype)), t.shape,
                        nb::bytes(t.bytes.data(), t.bytes.size()));
}

// A program runs for one thread at a time; other threads have other programs, or wait.
class Program {
 public:
  Program(const std::string& level, std::string text, const std::string& name) {
    const auto known = level.empty() ? jaxsmith::level::level_of_text(text, name)
                                     : jaxsmith::level::find_level(level);
    if (!known)
      raise({(name.empty() ? std::string() : name + ": ") +
                 (level.empty() ? "this is no " + jaxsmith::level::kinds_of_text() +
                                      " by its first words: level says which it is"
                                : "there is no level " + level),
             "IRError"});
    std::optional<Failure> failure;
    {
      const nb::gil_scoped_release released;
      auto parsed = IrProgram::parse(*known, std::move(text), name);
      if (parsed.ok())
        program_ = std::make_unique<IrProgram>(std::move(parsed).value());
      else
        failure = Failure{parsed.error().message, "IRError"};
    }
    if (failure) raise(*failure);
  }

  std::string level() const { return std::string(jaxsmith::level::name_of(program_->level())); }
  std::string print() const {
    return locked([&] { return program_->print(); });
  }

  void verify() {
    std::optional<Failure> failure;
    locked([&] {
      const auto status = program_->verify();
      if (!status.ok()) failure = failure_of(*program_, status.error());
    });
    if (failure) raise(*failure);
  }

  // Types of arguments and results, as JAX prints them.
  std::pair<std::vector<std::string>, std::vector<std::string>> signature() {
    verify();
    std::optional<Failure> failure;
    std::vector<std::string> arguments, results;
    locked([&] {
      const auto signature = program_->signature();
      if (!signature.ok()) {
        failure = failure_of(*program_, signature.error());
        return;
      }
      for (const auto& d : signature.value().arguments)
        arguments.push_back(jaxsmith::ir::aval_text(d));
      for (const auto& d : signature.value().results) results.push_back(jaxsmith::ir::aval_text(d));
    });
    if (failure) raise(*failure);
    return {arguments, results};
  }

  nb::list evaluate(const nb::list& inputs, std::int64_t steps, std::int64_t memory) {
    std::vector<Tensor> tensors, results;
    for (const nb::handle each : inputs) tensors.push_back(tensor_of(nb::cast<nb::tuple>(each)));
    std::optional<Failure> failure;
    locked([&] { failure = run(tensors, {steps, memory}, results); });
    if (failure) raise(*failure);
    nb::list out;
    for (const Tensor& t : results) out.append(tuple_of(t));
    return out;
  }

  std::string canonical() {
    return got(locked([&] { return program_->canonical(); }));
  }
  std::string structural_hash() {
    return got(locked([&] { return program_->structural_hash(); }));
  }

 private:
  static std::string got(jaxsmith::Result<std::string> text) {
    if (!text.ok()) raise({text.error().message, "UnsupportedError"});
    return std::move(text).value();
  }

  // Without Python's lock, but with that of the program.
  template <class F>
  std::invoke_result_t<F> locked(F f) const {
    const nb::gil_scoped_release released;
    const std::lock_guard<std::mutex> lock(mutex_);
    return f();
  }

  std::optional<Failure> run(const std::vector<Tensor>& tensors,
                             const jaxsmith::tensor::Budget& budget, std::vector<Tensor>& results) {
    if (const auto status = program_->verify(); !status.ok())
      return failure_of(*program_, status.error());
    std::vector<jaxsmith::ir::Datum> arguments;
    for (const Tensor& t : tensors)
      arguments.emplace_back(
          jaxsmith::tensor::Array::from(jaxsmith::tensor::EvaluationContext::unmetered(), t));
    const auto run = program_->run(std::move(arguments), budget);
    if (!run.ok()) return failure_of(*program_, run.error());
    for (const auto& d : run.value()) {
      if (d.kind == jaxsmith::ir::Datum::Kind::kArray) results.push_back(d.array.tensor());
      for (const auto& part : d.parts) results.push_back(part.as_array().tensor());
    }
    return std::nullopt;
  }

  std::unique_ptr<IrProgram> program_;
  mutable std::mutex mutex_;
};

std::vector<Tensor> tensors_of(const nb::list& arrays) {
  std::vector<Tensor> out;
  for (const nb::handle each : arrays) out.push_back(tensor_of(nb::cast<nb::tuple>(each)));
  return out;
}

// What predictions for a level of a row are held against. Nothing changes it: threads grade at a
// time.
class Grader {
 public:
  Grader(std::string id, const std::string& level, std::string text, const nb::list& constants,
         const nb::list& inputs, const nb::list& outputs,
         const std::vector<std::pair<nb::list, nb::list>>& further_cases,
         std::vector<std::int64_t> kept, std::int64_t equations, std::uint64_t seed,
         std::int64_t steps, std::int64_t memory)
      : id_(id), options_{{steps, memory}, seed} {
    const auto known = jaxsmith::level::find_level(level);
    if (!known) raise({"there is no level " + level, "IRError"});
    level_ = *known;
    jaxsmith::store::DatasetRow row;
    row.id = std::move(id);
    row.levels[level_] = std::move(text);
    row.constants = tensors_of(constants);
    row.inputs = tensors_of(inputs);
    row.outputs = tensors_of(outputs);
    for (const auto& [taken, given] : further_cases)
      row.further_cases.push_back({tensors_of(taken), tensors_of(given)});
    row.kept_arguments = std::move(kept);
    row.equations = equations;
    const nb::gil_scoped_release released;
    reference_ = jaxsmith::score::Reference::make(row, level_, options_);
  }

  std::string not_gradable() const { return reference_.not_gradable(); }

  nb::dict grade(std::string text) const {
    jaxsmith::score::Verdict v;
    {
      const nb::gil_scoped_release released;
      v = jaxsmith::score::grade({id_, level_, std::move(text), 0}, reference_, options_);
    }
    nb::dict out;
    out["parses"] = v.parses;
    out["verifies"] = v.verifies;
    out["signature"] = v.signature;
    out["canonical"] = v.canonical;
    out["runs"] = v.runs;
    out["recorded"] = v.recorded;
    out["agrees"] = v.agrees;
    out["gradable"] = v.gradable;
    out["unsupported"] = v.unsupported;
    out["cases"] = v.cases;
    out["cases_passed"] = v.cases_passed;
    out["steps"] = v.steps;
    out["reason"] = v.reason;
    return out;
  }

 private:
  std::string id_;
  jaxsmith::level::Level level_{};
  jaxsmith::score::ScoreOptions options_;
  jaxsmith::score::Reference reference_;
};

// What no call has caught, as the exceptions of jaxsmith.errors.
void translate(const std::exception_ptr& exception, void*) {
  try {
    std::rethrow_exception(exception);
  } catch (const EvaluationError& e) {
    set_exception({e.message, exception_of(e.kind)});
  }
}

}  // namespace

NB_MODULE(_core, m) {
  nb::register_exception_translator(translate);
  m.doc() = "Readers and evaluators of jaxprs, StableHLO and HLO.";
  nb::class_<Grader>(m, "Grader")
      .def(nb::init<std::string, std::string, std::string, nb::list, nb::list, nb::list,
                    std::vector<std::pair<nb::list, nb::list>>, std::vector<std::int64_t>,
                    std::int64_t, std::uint64_t, std::int64_t, std::int64_t>(),
           nb::arg("id"), nb::arg("level"), nb::arg("text"), nb::arg("constants"),
           nb::arg("inputs"), nb::arg("outputs"), nb::arg("further_cases"), nb::arg("kept"),
           nb::arg("equations"), nb::arg("seed"), nb::arg("steps"), nb::arg("memory"))
      .def("not_gradable", &Grader::not_gradable)
      .def("grade", &Grader::grade, nb::arg("text"));
  nb::class_<Program>(m, "Program")
      .def(nb::init<std::string, std::string, std::string>(), nb::arg("level"), nb::arg("text"),
           nb::arg("name"))
      .def_prop_ro("level", &Program::level)
      .def("print", &Program::print)
      .def("verify", &Program::verify)
      .def("arguments", [](Program& p) { return p.signature().first; })
      .def("results", [](Program& p) { return p.signature().second; })
      .def("evaluate", &Program::evaluate, nb::arg("inputs"), nb::arg("steps"), nb::arg("memory"))
      .def("canonical", &Program::canonical)
      .def("structural_hash", &Program::structural_hash);
}
