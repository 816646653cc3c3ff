from __future__ import annotations

import pytest
from bpe_openai import get_encoding
from hypothesis import given
from hypothesis import strategies as st

from codegen.generate.budget import is_english, level, shortened, tokens, width, within

SENTENCES = [
    "Membuat masalah baru di repositori yang ditentukan dan mengembalikan nomornya",
    "Oppretter en ny sak for et prosjekt og gir nummeret tilbake",
    "Maakt een nieuwe taak of melding aan in het opgegeven project",
    "Cria um novo item no projeto a partir do modelo indicado",
    "Luo uuden tehtavan annettuun projektiin ja palauttaa sen numeron",
    "Erstellt einen neuen Vorgang im angegebenen Projekt und gibt dessen Nummer aus",
    "Crea una nuova segnalazione nel progetto indicato e restituisce il numero",
    "Tworzy nowe zgłoszenie we wskazanym projekcie i zwraca jego numer",
    "Hozzon létre egy új feladatot a megadott projektben",
    "Belirtilen projede yeni bir görev oluşturur",
    "Huunda kazi mpya katika mradi uliotajwa na kurudisha nambari yake",
    "Opens an issue in a repository and returns its number and address.",
    "Создаёт новую задачу в указанном проекте и возвращает её номер.",
    "يُنشئ مهمة جديدة في المشروع المحدد",
    "指定されたプロジェクトに新しい課題を作成します。",
    "지정한 프로젝트에 새 이슈를 만듭니다",
    "สร้างงานใหม่ในโครงการที่ระบุ",
    "निर्दिष्ट परियोजना में नया कार्य बनाता है",
    "Tạo một vấn đề mới trong dự án được chỉ định",
    "Skapar ett nytt ärende i det angivna projektet",
    "დააბრუნებს ახალ დავალებას პროექტში",
    "ስም አዲስ ጉዳይ ይፈጥራል",
    "在指定的仓库中创建一个新的问题并返回其编号。",
    "🔍🚀 Find 👩‍💻 people",
    "createOrUpdateKubernetesClusterRoleBinding(apiGroup, resourceNames?, v1beta2CRDs?)",
]


@pytest.mark.parametrize("text", SENTENCES)
def test_tokens_are_not_guessed_too_few_in_any_language(text: str) -> None:
    assert len(get_encoding("o200k_base").encode(text)) <= tokens(text, english=is_english(text)) <= 3 * len(text)


@pytest.mark.parametrize("text", ["Convert time between timezones", "Creates labels", "Read pages", "Lists branches"])
def test_short_english_is_taken_for_english(text: str) -> None:
    assert is_english(text)


@given(st.text(max_size=300), st.integers(4, 60))
def test_what_is_cut_to_tokens_has_no_more_and_says_that_it_was_cut(text: str, limit: int) -> None:
    kept = within(text, limit)
    assert tokens(kept) <= limit
    assert kept == text or kept.endswith("…")


@given(st.text(max_size=300), st.integers(20, 200))
def test_what_is_shortened_is_a_beginning_with_an_ellipsis(text: str, limit: int) -> None:
    kept = shortened(text, limit)
    assert kept == text or (kept.endswith("…") and width(kept) <= limit + 2)


def test_a_text_is_cut_at_a_sentence_or_at_a_word() -> None:
    assert shortened("The first sentence here. The second is cut off somewhere.", 32) == "The first sentence here. …"
    assert shortened("Nothing but one long sentence without any end", 26) == "Nothing but one long…"
    assert shortened("Takes some values (e.g. the ones that are given)", 26) == "Takes some values…"
    assert shortened("Cut only where it is worth it", 20) == "Cut only where it is worth it"


def test_a_level_leaves_short_texts_whole_and_cuts_long_ones_alike() -> None:
    assert level([10, 20, 30], 100, 5) >= 30
    assert level([10, 100, 100], 110, 5) == 50
    assert level([100, 100], 50, 40) == 40
    assert level([], 50, 40) == 50
