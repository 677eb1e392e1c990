"""Secrets are hidden by name and by shape; what is no secret stays readable."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trainmon.words.secrets import MASK, is_secret_key, mask_command, mask_text

HF = "hf_" + "aB3dE6gH9j" * 3
"""A made-up value in the shape of a Hugging Face token."""


@pytest.mark.parametrize(
    "key",
    [
        *("token", "password", "passwd", "secret", "api_key", "apikey", "access_key", "private_key"),
        *("authorization", "auth", "credential", "credentials", "cookie", "client_secret", "passphrase"),
        *("HF_TOKEN", "hfToken", "wandb.api_key", "x-api-key", "APIKey", "PGPASSWORD", "db_pass", "token_2"),
        *("AWS_SECRET_ACCESS_KEY", "Set-Cookie", "accessTokens", "OPENAI_API_KEY", "http.proxyAuth"),
        *("KAGGLE_KEY", "wandb_key", "openaiKey", "aws_key", "hf_key"),
    ],
)
def test_a_name_of_a_secret_is_known_in_every_spelling(key: str) -> None:
    assert is_secret_key(key)


@pytest.mark.parametrize(
    "key",
    [
        *("tokens_per_second", "num_tokens", "tokenizer", "max_tokens", "token_count", "author", "tokens"),
        *("eos_token", "pad_token_id", "loss_per_token", "forward_pass", "primary_key", "monkey", "compass"),
        *(
            "password_file",
            "auth_type",
            "lr",
            "",
            "…",
            "7",
            "password_model",
            "jwt_len",
            "attention_key",
            "s3_key",
        ),
    ],
)
def test_a_word_of_training_is_not_taken_for_a_secret(key: str) -> None:
    assert not is_secret_key(key)


@pytest.mark.parametrize(
    "secret",
    [
        HF,
        "sk-" + "a1" * 12,
        "sk-ant-api03-" + "a1_" * 8,
        "ghp_" + "a1" * 18,
        "gho_" + "a1" * 18,
        "github_pat_" + "a1_" * 10,
        "glpat-" + "a1-" * 8,
        "AKIA" + "A1" * 8,
        "ASIA" + "A1" * 8,
        *(f"xox{letter}-1234567890-abcdef" for letter in "bap"),
        "rk_live_" + "a1" * 12,
        "whsec_" + "a1" * 12,
        "ya29.a0AfH6" + "a1" * 12,
        "SG." + "a1" * 11 + "." + "b2" * 20,
        "dop_v1_" + "a1" * 32,
        "wandb_v1_" + "a1" * 30,
        *(f"{prefix}{'a1' * 20}" for prefix in ("gsk_", "r8_", "nvapi-", "pplx-", "xai-")),
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_a_key_is_known_by_its_shape_wherever_it_stands(secret: str) -> None:
    texts = (secret, f"failed with {secret}, sorry", f"('{secret}',)", rf"line one\n{secret}")

    masked = [mask_text(text) for text in texts]

    assert masked == [text.replace(secret, MASK) for text in texts]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Authorization: Bearer abc123", "Authorization: ***"),
        ("sent Bearer abc.def-123 twice", "sent Bearer *** twice"),
        ("curl -H 'Authorization: Basic dXNl' url", "curl -H 'Authorization: ***' url"),
        ('Cookie: a=b; c="d e"\nHost: x', "Cookie: ***\nHost: x"),
        ("postgres://user:p@ss@host:5432/db", "postgres://***@host:5432/db"),
        ("https://x.org/a?token=abc&user=1", "https://x.org/a?token=***&user=1"),
        ("https://x.org/a?user=1&sig=abc", "https://x.org/a?user=1&sig=***"),
        (
            "https://b.s3.x.org/k?X-Amz-Date=1&X-Amz-Signature=abc",
            "https://b.s3.x.org/k?X-Amz-Date=1&X-Amz-Signature=***",
        ),
        ('token = """a\nb"""; lr = 1', 'token = """***"""; lr = 1'),
        ("token='''cut off", "token='''***"),
        ("password=hunter2 user=bob", "password=*** user=bob"),
        ("api_key: abc, lr: 1", "api_key: ***, lr: 1"),
        ('{"api_key": "a\\"b", "lr": 1}', '{"api_key": "***", "lr": 1}'),
        ("{'password': 'a b', 'token': b'c', 'lr': 1}", "{'password': '***', 'token': b'***', 'lr': 1}"),
        (r"{\"token\": \"abc\"}", r"{\"token\": \"***\"}".replace("'", '"')),
        ("Config(secret='x y', lr=1)", "Config(secret='***', lr=1)"),
        ('os.environ["HF_TOKEN"] = "abc"', 'os.environ["HF_TOKEN"] = "***"'),
        ("Command '['x', '--token', 'abc', '-v']' failed", "Command '['x', '--token', '***', '-v']' failed"),
        ("run --hf-token abc --lr 1", "run --hf-token *** --lr 1"),
        ("credentials=[1, 2] done", "credentials=*** done"),
        ("password='cut off", "password='***"),
        ("-----BEGIN PRIVATE KEY-----\nMIIE cut off", "***"),
    ],
)
def test_what_is_assigned_to_a_secret_name_is_hidden(text: str, masked: str) -> None:
    assert mask_text(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "step 100: loss=2.3, tokens_per_second=4,000, eos_token='</s>'",
        "KeyError: 'token'",
        "token=None, use_auth=True, password=''",
        "def load(token: str | None = None) -> Model:",
        "Bearer authentication is required",
        "https://huggingface.co/org/model@main",
        "if token == other: ...",
        "the task-based-scheduler-of-the-disk-usage",
        "pplx-7b-online on the xai-explainability-benchmark-of-last-year, R8_UNORM, gsk_short, SG.x.y",
        "",
    ],
)
def test_text_without_a_secret_is_unchanged(text: str) -> None:
    assert mask_text(text) == text


@given(
    secret=st.from_regex(r"[A-Za-z0-9]{9,30}", fullmatch=True), name=st.sampled_from(["token", "dbPassword"])
)
def test_a_secret_leaves_neither_json_nor_repr(secret: str, name: str) -> None:
    """The masked JSON is JSON still."""
    record = {"a": 1, name: secret, "z": [2]}

    as_json, as_repr = mask_text(json.dumps(record)), mask_text(repr(record))

    assert json.loads(as_json) == {"a": 1, name: MASK, "z": [2]}
    assert as_repr == repr({"a": 1, name: MASK, "z": [2]})


@given(st.text(alphabet="atokenpswrd_-=:'\"\\ \n{}[](),;&@/.?") | st.text())
@example("token='")
@example("--token ")
@example("authorization:")
def test_masking_ends_and_masked_text_stays_as_it_is(text: str) -> None:
    """A text may pass several masks on its way: the second finds nothing more to hide."""
    once = mask_text(text)

    assert mask_text(once) == once


def test_a_command_line_keeps_its_length_and_loses_its_secrets() -> None:
    argv = ["python", "train.py", "--token", "x", "--password=y", "-p", "z", "HF_TOKEN=q", "+wandb.api_key=k"]
    argv += ["--use-auth-token", "--max-tokens", "12", "--url=https://u:p@host/a", "--key", HF, "--lr=0.1"]

    masked = mask_command(argv)

    expected = ["python", "train.py", "--token", MASK, f"--password={MASK}", "-p", "z", f"HF_TOKEN={MASK}"]
    expected += [f"+wandb.api_key={MASK}", "--use-auth-token", "--max-tokens", "12"]
    expected += [f"--url=https://{MASK}@host/a", "--key", MASK, "--lr=0.1"]
    assert masked == expected


@pytest.mark.parametrize(
    "piece", ["eyJ", "_eyJ_", "sk-", "token.", "token:[token:(", "://a", "token=,", "key=1 "]
)
def test_a_long_hostile_text_is_masked_in_linear_time(piece: str) -> None:
    """A quadratic pattern would need minutes for half a million characters; the runner allows two."""
    text = "token: " + piece * (500_000 // len(piece))

    masked = mask_text(text)

    assert masked.startswith("token: ")


@pytest.mark.parametrize(
    "text",
    [
        "TRAINMON_NOTIFY_URLS=anything-at-all",
        "slack_webhook_url='https://example.org/hidden'",
        "sent to tgram://hidden/hidden and back",
        '"ntfys://hidden"',
        "json://127.0.0.1:80/hidden",
        "https://hooks.slack.com/services/T0/B0/hidden",
        "https://discord.com/api/webhooks/1/hidden",
    ],
)
def test_where_messages_are_sent_is_a_secret(text: str) -> None:
    """Whoever knows the address can send, and often read."""
    masked = mask_text(text)

    assert MASK in masked
    assert "hidden" not in masked
    assert "anything" not in masked


def test_an_address_of_a_service_on_a_command_line_is_hidden() -> None:
    command = [
        "env",
        "TRAINMON_NOTIFY_URLS=json://h/x",
        "python",
        "train.py",
        "--notify-url",
        "anything",
        "--url",
        "s3://b/k",
    ]

    masked = mask_command(command)

    assert masked == [
        "env",
        f"TRAINMON_NOTIFY_URLS={MASK}",
        "python",
        "train.py",
        "--notify-url",
        MASK,
        "--url",
        "s3://b/k",
    ]


def test_what_signs_an_address_is_an_ordinary_word_elsewhere() -> None:
    """A key of a dictionary, a signature of a function."""
    text = "sorted(key=loss, sig=3) https://x.org/a?user=1"

    assert mask_text(text) == text
