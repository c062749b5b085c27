"""GPT-2's cache: token by token, traced and in the SDK, is what the whole sequence at once gives."""

import ctypes

import miai as mi
import numpy as np
import pytest
from miai import functional as F  # noqa: N812
from test_sdk import Sdk

VOCABULARY, LENGTH = 61, 24


@pytest.fixture
def net():
    mi.random.seed(3)
    made = mi.models.GPT2(VOCABULARY, LENGTH, 24, 3, 4).eval()
    for parameter in made.parameters():  # larger than they start: attention must matter
        parameter[...] = parameter + mi.random.normal(size=parameter.shape) * 0.2
    return made


@pytest.fixture
def tokens():
    return mi.tensor(np.random.default_rng(4).integers(0, VOCABULARY, (2, 15)))


@pytest.mark.parametrize("traced", [False, True])
@pytest.mark.parametrize("parts", [[1] * 15, [15], [4, 1, 1, 6, 3]])
def test_cache_is_the_whole_sequence(net, tokens, traced, parts):
    expected = net(tokens).numpy()
    cache = net.new_cache(2, 16)
    read = mi.trace(lambda x: net(x, cache)) if traced else lambda x: net(x, cache)
    for _ in range(2):  # the cache is used again
        begin = 0
        for count in parts:
            got = read(tokens[:, begin : begin + count]).numpy()
            np.testing.assert_allclose(got, expected[:, begin : begin + count], rtol=1e-4, atol=1e-5)
            begin += count
        assert cache.position.item() == 15
        cache.reset()


def test_one_program_for_all_steps(net, tokens):
    cache = net.new_cache(2)
    step = mi.trace(lambda x: net(x, cache))
    for i in range(15):
        step(tokens[:, i : i + 1])
    assert step.program_count == 1


def test_a_full_cache_says_so_and_stays(net, tokens):
    cache = net.new_cache(2, 4)
    step = mi.trace(lambda x: net(x, cache))
    for i in range(4):
        step(tokens[:, i : i + 1])
    before = {k: v.copy() for k, v in cache.state_dict().items()}
    with pytest.raises(IndexError, match=r"expected indices in \[-4, 4\)"):
        step(tokens[:, 4:5])
    for name, value in cache.state_dict().items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)


def test_generate(net, tokens):
    prompt = tokens[:, :5].numpy()
    expected = prompt
    for _ in range(7):
        following = net(mi.tensor(expected)).numpy()[:, -1].argmax(-1)
        expected = np.concatenate([expected, following[:, None]], axis=1)
    np.testing.assert_array_equal(net.generate(tokens[:, :5], 7).numpy(), expected[:, 5:])
    assert net.generate(tokens, LENGTH - 15 + 1).shape == (2, 10)  # the last token is not read


def test_the_sdk_decodes(net, tokens, tmp_path):
    """Prefill and decode over one cache, in one file: C goes on where the states are."""
    cache = net.new_cache(2, 16)
    prefill, decode = (mi.trace(lambda x: net(x, cache)[:, -1]) for _ in range(2))
    prefill(tokens[:, :5])
    decode(tokens[:, 5:6])
    cache.reset()
    mi.jit.dump(tmp_path / "gpt2.miai", {"prefill": prefill, "decode": decode})
    assert {"cache.keys.0", "cache.values.2", "cache.position"} <= set(mi.load(tmp_path / "gpt2.miai"))
    sdk = Sdk()
    model = sdk.make("miai_model_load", str(tmp_path / "gpt2.miai").encode(), 1)
    variables = sdk.make("miai_variables_create", model)
    first, then = (
        sdk.make("miai_session_create", model, name, variables) for name in (b"prefill", b"decode")
    )
    scores = sdk.run(first, np.ascontiguousarray(tokens.numpy()[:, :5]))
    for expected in net.generate(tokens[:, :5], 8).numpy().T:
        following = scores.argmax(-1)
        np.testing.assert_array_equal(following, expected)
        scores = sdk.run(then, following[:, None])
    for free, handle in [("session", first), ("session", then), ("variables", variables), ("model", model)]:
        getattr(sdk.lib, f"miai_{free}_free")(ctypes.c_void_p(handle.value))


def test_bare_and_old_state_dicts_load(net):
    """As the hub's file has it: no prefix, no head, and masks as buffers."""
    state = {k.removeprefix("transformer."): v for k, v in net.state_dict().items() if k != "lm_head.weight"}
    state["h.0.attn.bias"] = np.ones((1, 1, LENGTH, LENGTH), "float32")
    other = mi.models.GPT2(VOCABULARY, LENGTH, 24, 3, 4).eval()
    missing, unexpected = other.transformer.load_state_dict(state, strict=False)
    assert missing == [] and unexpected == ["h.0.attn.bias"]
    x = mi.tensor([[1, 2, 3]])
    np.testing.assert_array_equal(other(x).numpy(), net(x).numpy())


def test_dropout_drops_in_training_only(net, tokens):
    assert np.array_equal(net(tokens).numpy(), net(tokens).numpy())
    net.train()
    assert not np.array_equal(net(tokens).numpy(), net(tokens).numpy())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda net: net(F.zeros((3,), dtype="int64")), "argument 'tokens': expected rank 2, got rank 1"),
        (
            lambda net: net(F.zeros((1, 25), dtype="int64")),
            "argument 'tokens': expected at most 24 positions, got 25",
        ),
        (lambda net: net.new_cache(1, 25), "argument 'length': expected 1 to 24 positions, got 25"),
        (lambda net: net.new_cache(1, 0), "argument 'length': expected 1 to 24 positions, got 0"),
        (
            lambda net: net.generate(F.zeros((1, 20), dtype="int64"), 6),
            "argument 'length': expected 1 to 24 positions, got 25",
        ),
        (lambda net: net.generate(F.zeros((1, 2), dtype="int64"), 0), "'count': expected at least 1, got 0"),
        (lambda net: mi.models.GPT2(9, 4, 10, 1, 3), "'n_head': expected a divisor of n_embd .10., got 3"),
    ],
)
def test_bad_arguments(net, call, message):
    with pytest.raises(ValueError, match=message):
        call(net)
