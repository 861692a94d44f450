"""The words of the system and of parsers: as they are in English, translated in Chinese."""

from __future__ import annotations

import errno
import json
import os
import tomllib

import pytest

from mirrorctl.reasons import complaint_of, reason_of
from mirrorctl.render.language import translator
from mirrorctl.text import Text


def in_chinese(text: Text) -> str:
    return text.render(translator("zh"))


@pytest.mark.parametrize(
    "number", [errno.EACCES, errno.ENOENT, errno.EROFS, errno.ENOSPC, errno.EPERM, errno.EISDIR, errno.ENOTDIR]
)
def test_what_the_system_says_often_is_translated(number: int) -> None:
    error = OSError(number, os.strerror(number))
    assert str(reason_of(error)) == os.strerror(number).lower()
    assert not in_chinese(reason_of(error)).isascii()


def test_what_the_system_says_seldom_is_left_as_it_is() -> None:
    assert in_chinese(reason_of(OSError(999, "{Odd} words"))) == "{odd} words"


def test_an_error_without_words_is_named() -> None:
    assert str(reason_of(TimeoutError())) == "timeouterror"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("a = \n", "值无效（第 1 行第 5 列）", id="value"),
        pytest.param("a 1\n", "键值对的键之后应为 '='（第 1 行第 3 列）", id="equals"),
        pytest.param("a = [1", "数组没有闭合（在文件末尾）", id="end"),
        pytest.param("[a]\n[a]\n", "重复声明了 'a'（第 2 行第 3 列）", id="twice"),
        pytest.param("a = {b = 1, b = 2}\n", "Duplicate inline table key 'b'（第 1 行第 18 列）", id="unknown"),
    ],
)
def test_what_is_wrong_with_a_toml_text(text: str, said: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads(text)
    assert str(complaint_of(caught.value)).replace("'a'", "('a',)") == str(caught.value), "English keeps the words"
    assert in_chinese(complaint_of(caught.value)) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param('{"a" 1}', "应为 ':'（第 1 行第 6 列）", id="colon"),
        pytest.param("[1]\n]", "内容结束之后还有多余的字符（第 2 行第 1 列）", id="extra"),
        pytest.param("", "应为值（第 1 行第 1 列）", id="nothing"),
        pytest.param("[1,\n ]", "应为值（第 2 行第 2 列）", id="comma-in-list"),
        pytest.param('{"a": 1,}', "应为双引号括起的键名（第 1 行第 9 列）", id="comma-in-object"),
    ],
)
def test_what_is_wrong_with_a_json_text(text: str, said: str) -> None:
    with pytest.raises(json.JSONDecodeError) as caught:
        json.loads(text)
    assert in_chinese(complaint_of(caught.value)) == said
