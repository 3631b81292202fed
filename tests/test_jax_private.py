"""One test for each private name in `jaxsmith.jax_private`.

What fails here, by name, is what another JAX version changed.
"""

import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import mlir_changes
import numpy as np
import pytest
from jaxsmith import jax_private
from jaxsmith.versions import REQUIRED_JAX

X = np.arange(6, dtype=np.float32).reshape(2, 3)


def lowered(function=None, *inputs):
    # A function made anew: JAX keeps what it has lowered of one that it knows.
    return jax.jit(function or (lambda x: jnp.sin(x) * 2)).trace(*(inputs or (X,))).lower()


def test_version():
    """The private names are those of this version: read their sources again before changing it."""
    assert jax.__version__ == REQUIRED_JAX


def test_all_names_are_there():
    assert jax_private.missing() == []


def test_missing_names_are_named(monkeypatch):
    monkeypatch.setattr(
        jax_private, "_NAMES", ((jax_private.mlir, "no_such_name"), (jax_private.ir, "Module"))
    )
    assert jax_private.missing() == ["jax._src.interpreters.mlir.no_such_name"]


def test_lowering_into_one_context_with_shared_bodies():
    expected = lowered().as_text()
    context, shared = jax_private.new_context(threads=False), {}
    with jax_private.lowering_into(context, shared):
        first = lowered()
        bodies = set(shared)
        second = lowered()
    assert bodies, "no body of a lowering rule was shared"
    assert set(shared) == bodies, "the second lowering made bodies of its own"
    for each in (first, second):
        assert each.as_text() == expected
        assert jax_private.Lowering(each).module.context == context
    assert jax_private.Lowering(lowered()).module.context != context


def test_bodies_that_refer_to_their_module_are_not_shared():
    shared = {}
    with jax_private.lowering_into(jax_private.new_context(threads=False), shared):
        lowered(lambda x: jnp.linalg.cholesky(x @ x.T))
    bodies = [str(value.func) for value in shared.values()]
    assert bodies and not any("custom_call" in body or "call @" in body for body in bodies)


def test_lowering_knows_arguments_and_results():
    lowering = jax_private.Lowering(lowered(lambda x, y, z: (x + z, z), X, X, X))
    assert lowering.kept == [0, 2]
    assert lowering.results == 2
    assert lowering.simple


def callback(x):
    return jax.pure_callback(np.sin, jax.ShapeDtypeStruct(x.shape, x.dtype), x)


def ordered(x):
    jax.debug.print("{}", x, ordered=True)
    return x


@pytest.mark.parametrize("function", [callback, ordered])
def test_lowering_knows_what_is_not_simple(function):
    assert not jax_private.Lowering(lowered(function)).simple


def test_lowering_with_shardings_is_not_simple():
    sharding = jax.sharding.SingleDeviceSharding(jax.devices()[0])
    asked = jax.jit(lambda x: x + 1, out_shardings=sharding).trace(X).lower()
    assert not jax_private.Lowering(asked).simple


def test_parse_stablehlo():
    text = lowered().as_text()
    module = jax_private.parse_stablehlo(text, jax_private.new_context())
    assert str(module).strip() == text.strip()
    with pytest.raises(jax_private.MlirError):
        jax_private.parse_stablehlo(
            text.replace("stablehlo.sine", "stablehlo.nonsense"), jax_private.new_context()
        )


def test_print_options():
    """`short` is what JAX prints HLO with; `full` leaves nothing out and names no path."""
    text = lowered()._lowering.hlo().as_hlo_module().to_string(jax_private.short_options())
    assert text == lowered().as_text(dialect="hlo")
    table = np.linspace(0, 1, 500, dtype=np.float32)
    compiled = lowered(lambda x: x[0, 0] + table).compile()
    module = compiled.runtime_executable().hlo_modules()[0]
    full = module.to_string(jax_private.full_options())
    assert "{...}" not in full and "{...}" in module.to_string()
    assert "metadata=" not in full and __file__ not in full and ".py" not in full


def test_parse_hlo():
    for text in (
        lowered().as_text(dialect="hlo"),
        lowered()
        .compile()
        .runtime_executable()
        .hlo_modules()[0]
        .to_string(jax_private.full_options()),
    ):
        assert jax_private.parse_hlo(text).name.startswith("jit_")
    with pytest.raises(Exception, match="nonsense|Expects|unknown|error"):
        jax_private.parse_hlo("HloModule nonsense\nENTRY e { ROOT r = f32[] nonsense() }")


def test_hlo_module_from_its_serialised_form():
    module = lowered()._lowering.hlo().as_hlo_module()
    again = jax_private.hlo_module(module.as_serialized_hlo_module_proto())
    options = jax_private.short_options()
    assert again.to_string(options) == module.to_string(options)


def test_cost_analysis():
    compiled = lowered(lambda x: x @ x.T, X).compile()
    module = compiled.runtime_executable().hlo_modules()[0]
    found, expected = jax_private.cost_analysis(module), compiled.cost_analysis()
    assert expected["flops"] > 0
    for key in ("flops", "bytes accessed"):
        assert found[key] == expected[key]


def test_merge_compile_put_and_run():
    context = jax_private.new_context(threads=False)
    functions = [
        (lambda x: (x + 1, x * 2), [X]),
        (lambda: jnp.arange(4), []),
        (lambda x, y: jnp.linalg.norm(x) + y, [X, np.float32(3)]),
    ]
    modules, arguments = [], []
    for function, inputs in functions:
        text = jax.jit(function).trace(*inputs).lower().as_text()
        modules.append(jax_private.parse_stablehlo(text, context))
        arguments += inputs
    merged, results = jax_private.merge(modules, context)
    assert merged.operation.verify()
    assert results == [2, 1, 1]
    compiler = jax_private.Compiler({"xla_backend_optimization_level": 0})
    executable = compiler.compile(merged, len(arguments), sum(results))
    found = compiler.run(executable, [compiler.put(np.asarray(a)) for a in arguments])
    expected = [leaf for f, inputs in functions for leaf in jax.tree.leaves(f(*inputs))]
    for a, b in zip(expected, found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_put_keeps_wide_types():
    """Whatever jax_enable_x64 says."""
    compiler = jax_private.Compiler({})
    for dtype in (np.float64, np.int64, np.complex128):
        assert compiler.put(np.ones(3, dtype)).dtype == dtype


def test_compiler_raises_xla_errors():
    def unknown(x):
        return jax.ffi.ffi_call("no_such_target", jax.ShapeDtypeStruct(x.shape, x.dtype))(x)

    module = jax_private.Lowering(lowered(unknown)).module
    with pytest.raises(jax_private.XlaError, match="no_such_target"):
        jax_private.Compiler({}).compile(module, 1, 1)


def test_jaxpr_text_with_sources():
    closed = jax.jit(lambda x: jnp.sin(x) * 2).trace(X).jaxpr
    text, sources = jax_private.jaxpr_text_with_sources(closed)
    assert text == jax_private.jaxpr_text(closed) == str(closed)
    assert len(sources) == len(text.split("\n"))
    found = [
        (line[start:end], jax_private.user_frames(traceback)[0])
        for line, regions in zip(text.split("\n"), sources, strict=True)
        for start, end, traceback in regions
    ]
    assert [equation for equation, _ in found] == [
        "b:f32[2,3] = sin a",
        "c:f32[2,3] = mul b 2.0:f32[]",
    ]
    assert all(frame.file == __file__ for _, frame in found)


def test_jaxpr_text_where_a_printing_rule_fails():
    closed = jax.jit(lambda x: jax.lax.mul_p.bind(x, x)).trace(X).jaxpr
    with pytest.raises(KeyError):
        str(closed)
    assert "= mul a a" in jax_private.jaxpr_text(closed)
    assert jax_private.jaxpr_text_with_sources(closed)[0] == jax_private.jaxpr_text(closed)


def test_names_and_source_info():
    def named(params, y):
        return {"sum": params["w"] + y}

    closed = jax.jit(named).trace({"w": X}, X).jaxpr
    assert jax_private.argument_names(closed) == ["params['w']", "y"]
    assert jax_private.result_names(closed) == ["result['sum']"]
    assert jax_private.source_info(closed).startswith(f"named at {__file__}:")
    assert jax_private.is_user_file(__file__)
    assert not jax_private.is_user_file(jax.__file__)
    assert not jax_private.is_user_file(jax_private.__file__)


def test_static_arguments():
    def function(x, n, *, mode):
        return x

    assert jax_private.static_arguments(function, None, ("n", "mode")) == ((1,), ("n", "mode"))
    assert jax_private.static_arguments(function, 1, None) == ((1,), ("n",))


def test_key_words():
    keys = jax.random.split(jax.random.key(1), 3)
    np.testing.assert_array_equal(jax_private.key_words(keys), jax.random.key_data(keys))


def test_calls_jaxprs():
    closed = jax.jit(lambda x: jnp.sin(jax.jit(jnp.cos)(x))).trace(X).jaxpr
    assert [jax_private.calls_jaxprs(eqn) for eqn in closed.jaxpr.eqns] == [True, False]


def test_watch_compilations():
    begun, ended = [], []

    def watcher(closed, lowering, name):
        begun.append((closed, lowering, name))
        assert len(ended) == len(begun) - 1  # before it is compiled
        return lambda executable, error: ended.append((executable, error))

    end = jax_private.watch_compilations(watcher)
    try:
        function = jax.jit(lambda x: x * 3 - 1)
        function(X)
        function(X)  # out of JAX's cache
        lowered = jax.jit(lambda x: x * 4 - 1).lower(X)
        lowered.compile()
        lowered.compile()
    finally:
        end()
    jax.jit(lambda x: x * 5 - 1)(X)
    assert len(begun) == len(ended) == 2
    for (closed, lowering, name), (executable, error) in zip(begun, ended, strict=True):
        computation = jax_private.Computation(lowering, executable)
        assert "mul" in str(closed) and error is None
        assert name == computation.name == "jit(<lambda>)" and computation.kept == [0]
        stages = jax_private.WatchedStages(closed, lowering, executable)
        assert stages.traced.jaxpr is closed
        assert "stablehlo.multiply" in stages.lowered.as_text()
        assert "loc(" in stages.lowered.as_text(debug_info=True)
        (module,) = stages.compiled.runtime_executable().hlo_modules()
        assert module.to_string(jax_private.full_options()).startswith("HloModule")
        assert computation.cost_analysis()["flops"] > 0 and computation.bound == ""


def test_watchers_are_told_of_what_fails():
    begun, errors = [], []

    def watcher(closed, lowering, name):
        begun.append((lowering is not None, name))
        return lambda executable, error: errors.append((executable, type(error).__name__))

    def only_for_tpu(x):
        return jax.lax.platform_dependent(x, tpu=lambda y: y * 2)

    def unknown_target(x):
        return jax.ffi.ffi_call("no_such_target", jax.ShapeDtypeStruct(x.shape, x.dtype))(x)

    end = jax_private.watch_compilations(watcher)
    try:
        with pytest.raises(NotImplementedError):
            jax.jit(only_for_tpu)(X)
        with pytest.raises(jax_private.XlaError):
            jax.jit(unknown_target)(X)
    finally:
        end()
    assert begun == [(False, "jit(only_for_tpu)"), (True, "jit(unknown_target)")]
    assert errors == [(None, "NotImplementedError"), (None, "JaxRuntimeError")]


def test_computation_of_the_public_stages():
    low = lowered()
    made = low.compile()
    computation = jax_private.computation_of(low, made)
    assert computation.name == "jit(<lambda>)"
    watched = jax_private.WatchedStages(None, low._lowering, made._executable)
    assert watched.lowered.as_text() == low.as_text()
    assert watched.lowered.as_text(dialect="hlo") == low.as_text(dialect="hlo")
    modules = watched.compiled.runtime_executable().hlo_modules()
    assert modules[0].to_string() == made.runtime_executable().hlo_modules()[0].to_string()


def test_hlo_of_a_module_that_was_parsed_again():
    low = lowered()
    with_locations = low.as_text(debug_info=True)
    module = jax_private.parse_stablehlo(with_locations, jax_private.new_context())
    assert jax_private.stablehlo_text(module) == low.as_text()
    assert jax_private.hlo_of_stablehlo(module, locations=False) == low.as_text(dialect="hlo")
    found = jax_private.hlo_of_stablehlo(module, locations=True)
    assert found == low.as_text(dialect="hlo", debug_info=True)


def test_initialize_lapack():
    """A text with a call of LAPACK runs in a process that has not lowered one."""
    text = jax.jit(jnp.linalg.cholesky).trace(np.eye(3, dtype=np.float32)).lower().as_text()
    program = (
        "import sys, numpy as np\n"
        "from jaxsmith import jax_private as p\n"
        "p.initialize_lapack()\n"
        "compiler = p.Compiler({})\n"
        "made = compiler.compile(p.parse_stablehlo(sys.stdin.read(), p.new_context()), 1, 1)\n"
        "(out,) = compiler.run(made, [compiler.put(4 * np.eye(3, dtype=np.float32))])\n"
        "assert (out == 2 * np.eye(3)).all()\n"
    )
    package = os.path.dirname(os.path.dirname(jax_private.__file__))
    environment = {**os.environ, "PYTHONPATH": package, "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", program], input=text, text=True, env=environment, capture_output=True
    )
    assert done.returncode == 0, done.stderr


def test_modules_of_mlir_are_changed():
    context = jax_private.new_context(threads=False)
    module = jax_private.parse_stablehlo(lowered(lambda x: jnp.sin(x), X).as_text(), context)
    main = next(iter(module.body.operations))
    sine = next(iter(main.regions[0].blocks[0].operations)).operation
    with context, mlir_changes.unknown_location(context):
        wide = mlir_changes.type_of("tensor<2x3xf64>")
        operand, types = [sine.operands[0]], [sine.results[0].type]
        new = mlir_changes.insert("stablehlo.cosine", operand, types, before=sine)
        sine.results[0].replace_all_uses_with(new.results[0])
        sine.erase()
        mlir_changes.verify(module)
        assert "stablehlo.cosine" in jax_private.stablehlo_text(module)
        number = mlir_changes.attribute("dense<1.0> : tensor<2x3xf64>")
        assert number.type == wide
        constant = mlir_changes.insert("stablehlo.constant", [], [wide], before=new)
        new.operands[0] = constant.results[0]
        with pytest.raises(jax_private.MlirError):
            mlir_changes.verify(module)


def test_thread_settings():
    before = jax_private.thread_settings()
    for context in (
        jax.default_matmul_precision("highest"),
        jax.named_scope("left_open"),
        jax.disable_jit(),
    ):
        context.__enter__()
        assert jax_private.thread_settings() != before
        jax_private.reset_thread_settings()
        assert jax_private.thread_settings() == before


def frames_of(jaxpr):
    """Names of the user's functions in the tracebacks of a jaxpr's equations and of those within."""
    found = set()
    for equation in jaxpr.eqns:
        found |= {
            frame.function for frame in jax_private.user_frames(equation.source_info.traceback)
        }
        for inner in jax_private.core.jaxprs_in_params(equation.params):
            found |= frames_of(inner)
    return found


def test_tracebacks_begin_where_their_jaxpr_is_traced():
    """Also of what JAX traces for all callers while it evaluates the equation of one."""

    def first(x):
        return jax.grad(lambda v: jax.lax.top_k(v, 2)[0].sum())(x)

    def second(x):
        return jax.grad(lambda v: jax.lax.top_k(v, 2)[0].sum())(x)

    earlier, later = (frames_of(jax.jit(f).trace(X).jaxpr.jaxpr) for f in (first, second))
    assert any("first" in name for name in earlier)
    assert any("second" in name for name in later)
    assert not any("first" in name for name in later)
