"""What foreign documents call their sections and facts, in several languages, and what we call them."""

from __future__ import annotations

import re
import unicodedata

SECTIONS: dict[str, tuple[str, ...]] = {
    "Symptoms": (
        "symptom", "summary", "problem", "problem description", "problem statement", "description", "overview",
        "meaning", "impact", "the incident", "the scenario", "scenario", "what happened", "identified", "issue",
        "issue summary", "effect", "customer impact", "user impact", "business impact", "incident summary",
        "incident description", "case summary", "executive summary", "common symptom", "background",
        "expected output", "what we saw", "alert", "abstract", "tl dr", "tldr", "observation", "blast radius",
        "scope of impact", "impact assessment", "what was the impact", "who was affected",
        # German
        "zusammenfassung", "beschreibung", "uberblick", "auswirkung", "auswirkungen", "symptome", "was ist passiert",
        "was war passiert", "problembeschreibung", "kundenauswirkung", "vorfall", "storung", "kurzfassung",
        # French
        "resume", "impact client", "symptome", "que s est il passe", "ce qui s est passe", "apercu", "synthese",
        "description de l incident", "consequences",
        # Spanish and Portuguese
        "resumen", "descripcion", "impacto", "sintoma", "que paso", "que ocurrio", "resumen ejecutivo", "alcance",
        "resumo", "descricao", "o que aconteceu", "resumo executivo", "visao geral", "impacto no cliente",
        # Japanese
        "概要", "要約", "影響", "影響範囲", "症状", "事象", "現象", "障害概要", "発生事象", "サマリー",
    ),
    "Root cause": (
        "analysis of the cause", "analysis of causes", "cause analysis", "technical cause", "direct cause",
        "what caused it", "what caused the incident",
        "root cause", "root cause analysis", "rca", "cause", "possible cause", "what it actually was", "reality",
        "contributing factor", "context", "trigger", "why", "common cause", "what went wrong", "technical detail",
        "underlying cause", "causal analysis", "five why", "5 why", "why did it happen", "why it happened", "analysis",
        "probable cause",
        "ursache", "ursachen", "grundursache", "hauptursache", "ursachenanalyse", "fehlerursache", "ausloser",
        "cause racine", "causes racines", "cause premiere", "cause profonde", "origine", "analyse des causes",
        "causa", "causa raiz", "causa principal", "origen", "analisis de causa raiz", "analise de causa raiz",
        "causa do problema", "origem",
        "原因", "根本原因", "直接原因", "発生原因", "原因分析",
    ),
    "Diagnosis": (
        "diagnosis", "diagnosis step", "the approach", "approach", "detection", "investigation", "checklist", "check",
        "diagnostic", "troubleshooting", "how to confirm", "verification", "debugging", "how we found it",
        "how was it detected",
        "diagnose", "erkennung", "untersuchung", "fehlersuche",
        "diagnostic", "enquete", "investigations",
        "diagnostico", "deteccion", "investigacion", "deteccao", "investigacao",
        "調査", "検知", "診断", "切り分け", "検出",
    ),
    "Resolution": (
        "how we resolved it", "how it was resolved", "how we solved it", "action taken", "actions taken",
        "steps taken", "immediate actions taken",
        "resolution", "resolution option", "the fix", "fix", "fast action", "mitigation", "remediation", "solution",
        "recovery", "repair", "workaround", "resolution by error type", "solutions applied", "what we did", "response",
        "resolution and recovery", "mitigation and resolution", "how we fixed it", "immediate action",
        "losung", "behebung", "wiederherstellung", "sofortmassnahme", "sofortmassnahmen", "fehlerbehebung",
        "correction", "correctif", "remediation", "retablissement", "resolution de l incident", "actions immediates",
        "resolucion", "solucion", "mitigacion", "correccion", "recuperacion",
        "resolucao", "solucao", "mitigacao", "correcao", "recuperacao",
        "対応", "対処", "復旧", "暫定対応", "暫定対処", "解決", "対応内容", "復旧対応", "応急対応",
    ),
    "Prevention": (
        "preventive action", "preventive actions", "preventative actions", "how we prevent it", "actions preventives",
        "acciones preventivas", "acoes preventivas", "vorbeugende massnahmen", "recommendation",
        "prevention", "action item", "action", "follow up", "follow up action", "corrective action",
        "preventive measure", "preventative measure", "next step", "improvement", "what could be improved",
        "future work", "corrective and preventative measure", "remediation item", "what could have gone better",
        "recommendation", "long term fix", "todo",
        "pravention", "vorbeugung", "massnahme", "massnahmen", "folgemassnahmen", "nachste schritte",
        "verbesserungen", "verbesserungsmassnahmen", "korrekturmassnahmen",
        "actions correctives", "mesures preventives", "prochaines etapes", "plan d action", "suivi",
        "actions preventives", "ameliorations",
        "prevencion", "acciones", "acciones correctivas", "medidas preventivas", "proximos pasos", "seguimiento",
        "plan de accion", "prevencao", "acoes", "acoes corretivas", "proximos passos", "plano de acao",
        "再発防止", "再発防止策", "恒久対応", "恒久対策", "今後の対応", "対策", "アクションアイテム", "改善策",
    ),
    "Lesson": (
        "lesson", "lessons learned", "lesson learned", "lessons learnt", "what went well", "learning", "takeaway",
        "conclusion", "where we got lucky", "retrospective",
        "lehren", "erkenntnisse", "gelerntes", "fazit", "was lief gut", "was gut lief", "lessons",
        "lecons", "lecons apprises", "enseignements", "retour d experience", "ce qui a bien fonctionne",
        "lecciones", "lecciones aprendidas", "aprendizajes", "conclusiones", "que salio bien",
        "licoes", "licoes aprendidas", "aprendizados", "conclusao", "o que deu certo",
        "教訓", "学び", "学んだこと", "振り返り", "良かった点", "得られた教訓",
    ),
    "Timeline": (
        "timeline", "key event", "chronology", "timeline of events", "sequence of events", "incident timeline",
        "event log",
        "zeitverlauf", "zeitleiste", "ablauf", "chronologie", "zeitlicher ablauf", "verlauf",
        "deroulement", "chronologie des evenements", "deroule",
        "cronologia", "linea de tiempo", "linea temporal", "linha do tempo",
        "タイムライン", "時系列", "経緯", "対応経緯", "経過",
    ),
}  # fmt: skip
# What facts are called: ours → theirs, folded as `folded` does.
FACTS: dict[str, tuple[str, ...]] = {
    "severity": (
        "severity", "priority", "sev", "severity level", "impact level", "incident severity", "priority level",
        "schweregrad", "prioritat", "kritikalitat", "gravite", "severite", "criticite", "priorite", "severidad",
        "gravedad", "criticidad", "prioridad", "severidade", "gravidade", "criticidade", "prioridade",
        "重大度", "深刻度", "重要度", "影響度", "優先度",
    ),
    "date": (
        "date", "incident date", "date time", "date of incident", "date of the incident", "start", "started",
        "start time", "started at", "incident start", "start date", "began", "detected", "detected at", "occurred",
        "occurred at", "when", "date and time", "incident began", "outage start", "happened", "happened on",
        "datum", "beginn", "begonnen", "datum des vorfalls", "zeitpunkt", "zeitraum", "date de l incident", "debut",
        "date et heure", "fecha", "fecha del incidente", "inicio", "data", "data do incidente", "inicio do incidente",
        "日付", "発生日", "発生日時", "日時", "発生時刻", "開始日時",
    ),
    "services": (
        "services", "service", "services affected", "affected services", "affected service", "affected systems",
        "systems affected", "components", "affected components", "system", "component",
        "dienste", "betroffene dienste", "betroffene systeme", "system", "services concernes", "services impactes",
        "systemes concernes", "servicios", "servicios afectados", "sistemas afectados", "servicos",
        "servicos afetados", "対象サービス", "影響サービス", "対象システム",
    ),
    "duration": (
        "resolution time", "time to resolve", "time to recovery", "duration", "outage duration", "total duration",
        "downtime", "time to repair", "dauer", "ausfalldauer", "duree", "duree de l incident", "duracion",
        "tiempo de resolucion", "duracao", "tempo de resolucao", "所要時間", "影響時間", "停止時間", "復旧時間",
    ),
    "title": (
        "title", "incident title", "subject", "incident", "titel", "betreff", "titre", "objet", "titulo", "asunto",
        "assunto", "件名", "タイトル",
    ),
}  # fmt: skip


def folded(label: str) -> str:
    """A label in lower case, without accents, marks and doubled spaces: `Maßnahmen (sofort):` → `massnahmen sofort`."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", label.casefold()) if not "\u0300" <= c <= "\u036f")
    # NFKD takes Japanese voicing marks apart; put together again they compare with what is written above.
    plain = unicodedata.normalize("NFC", plain)
    return " ".join(re.sub(r"[^\w ]+|_", " ", plain).split())


_SECTION_OF = {folded(label): name for name, labels in SECTIONS.items() for label in labels}
_FACT_OF = {folded(label): name for name, labels in FACTS.items() for label in labels}


# "Post-mortem: …", "Incident of 4 July 2030 – …": what a document is, and of when, is no part of what happened.
_KIND_FIRST = re.compile(
    r"^(?:(?:post|after)[- ]?(?:incident|action|mortem)(?: (?:review|report))?|(?:major )?incident"
    r"(?: (?:report|review|summary|post-?mortem))?|outage report|root cause analysis|rca|pir|vorfallsbericht"
    r"|störungsbericht|(?:rapport|compte[- ]rendu) d['’]incident|informe de(?:l)? incidente|relatório de incidente"
    r"|障害報告書?)(?: (?:of|on|from|vom|du|del?|do) [^:–—]{4,24}?)?"
    r"\s*(?:[:：]|\s[–—-]\s)\s*(?=\S.{3})",
    re.IGNORECASE,
)


def title_without_kind(title: str) -> str:
    """`Post-mortem: Lifts stood still` → Lifts stood still."""
    return _KIND_FIRST.sub("", title, count=1)


def section_name(label: str) -> str | None:
    """Our name for a section that somebody calls `label`; None when it is none of ours. Numbers in front are passed."""
    plain = re.sub(r"^(?:\d{1,2}(?: \d{1,2})* )", "", folded(label))
    plain = re.sub(r"^(immediate|long term|standard|the|our) (?=\w)", "", plain)
    for form in (plain, plain.removesuffix("s"), "the " + plain):
        if form in _SECTION_OF:
            return _SECTION_OF[form]
    halves = re.split(r" (?:and|und|et|y|e) ", plain)
    if len(halves) == 2 and len(plain) < 50:
        named = [_SECTION_OF.get(half) or _SECTION_OF.get(half.removesuffix("s")) for half in halves]
        return named[0] if all(named) else None
    return None


def fact_name(label: str) -> str | None:
    """`severity`, `date`, `services`, `duration` or `title` for a fact that somebody calls `label`."""
    return _FACT_OF.get(folded(label))


def known_as(label: str) -> str:
    """Our name of a fact, or the label itself, folded."""
    return fact_name(label) or folded(label)
