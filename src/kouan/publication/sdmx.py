"""A version as SDMX 3: its structure by pysdmx (code lists, concepts, data structure, dataflow), its data as SDMX-CSV 2.0 and SDMX-ML 3.0.

Components are the columns in capitals, with the names SDMX gives to three of them: TIME_PERIOD, OBS_VALUE, OBS_STATUS. Codes stay as they
are. All observations stand flat (dimensionAtObservation AllDimensions). The data messages are written here: pysdmx's own writers want pandas
and pyarrow, two hundred megabytes for a table of text. Tests hold them to the schemas of SDMX 3.0.
"""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import quoteattr

from kouan.publication.cuts import read
from kouan.publication.models import DataVersion

AGENCY = "KOUAN"
_MESSAGE = "http://www.sdmx.org/resources/sdmxml/schemas/v3_0/message"
_COMMON = "http://www.sdmx.org/resources/sdmxml/schemas/v3_0/common"
_SPECIFIC = "http://www.sdmx.org/resources/sdmxml/schemas/v3_0/data/structurespecific"
_TYPES = {"string": "String", "integer": "Integer", "number": "Decimal", "date": "GregorianDay", "period": "ObservationalTimePeriod"}


def artefact(version: DataVersion) -> str:
    """The id of the data set as SDMX writes one: capitals, digits and underscores."""
    return str(version.data_set).upper().replace("-", "_")


def message_id(version: DataVersion) -> str:
    """The id of a message: the data set and its version, without the full stop that SDMX does not allow there."""
    return f"{artefact(version)}-{version.number.replace('.', '-')}"


def component(column: dict[str, Any]) -> str:
    """The id of a column as a component."""
    if column["type"] == "period":
        return "TIME_PERIOD"
    return "OBS_VALUE" if column["role"] == "measure" else "OBS_STATUS" if column["name"] == "status" else str(column["name"]).upper()


def semantic(version: DataVersion) -> str:
    """The version as SDMX 3 wants it: three numbers."""
    return f"{version.number}.0"


def _artefacts(version: DataVersion) -> list[Any]:
    from pysdmx.model import (
        Code,
        Codelist,
        Component,
        Components,
        Concept,
        ConceptScheme,
        Dataflow,
        DataStructureDefinition,
        DataType,
        ItemReference,
        Role,
    )

    said, number, name = version.structure, semantic(version), artefact(version)
    roles = {"dimension": Role.DIMENSION, "measure": Role.MEASURE, "attribute": Role.ATTRIBUTE}
    lists: dict[str, Any] = {}
    for column in said["columns"]:
        labels = said["labels"].get(column["name"])
        if column["coded"] and labels:
            lists[column["name"]] = Codelist(
                id=f"CL_{name}_{component(column)}", name=column["label"]["en"], agency=AGENCY, version=number,
                items=[Code(id=code, name=words["en"], description=words["zh"]) for code, words in sorted(labels.items())])
    concepts = ConceptScheme(
        id=f"CS_{name}", name=said["name"]["en"], description=said["name"]["zh"], agency=AGENCY, version=number,
        items=[Concept(id=component(column), name=column["label"]["en"], description=column["label"]["zh"]) for column in said["columns"]])
    parts = [Component(
        id=component(column), required=column["role"] == "dimension", role=roles[column["role"]], local_dtype=DataType(_TYPES[column["type"]]),
        concept=ItemReference(sdmx_type="Concept", agency=AGENCY, id=concepts.id, version=number, item_id=component(column)),
        local_codes=lists.get(column["name"]), attachment_level="O" if column["role"] == "attribute" else None) for column in said["columns"]]
    structure = DataStructureDefinition(id=f"DSD_{name}", name=said["name"]["en"], description=said["definition"]["en"], agency=AGENCY,
        version=number,
                                        components=Components(parts))
    flow = Dataflow(id=name, name=said["name"]["en"], description=said["definition"]["en"], agency=AGENCY, version=number, structure=structure)
    return [*lists.values(), concepts, structure, flow]


def _header(version: DataVersion) -> Any:
    from pysdmx.model import Organisation
    from pysdmx.model.message import Header

    # The version's own day: the file is the same each time it is asked for.
    day = version.published_on
    return Header(id=message_id(version), prepared=datetime(day.year, day.month, day.day, tzinfo=UTC), sender=Organisation(id=AGENCY))


def _structure(version: DataVersion, kind: str) -> bytes:
    from pysdmx.io.format import Format
    from pysdmx.io.writer import write_sdmx

    wanted = Format.STRUCTURE_SDMX_ML_3_0 if kind == "xml" else Format.STRUCTURE_SDMX_JSON_2_0_0
    written = write_sdmx(_artefacts(version), wanted, header=_header(version))
    if written is None:
        raise ValueError("pysdmx wrote nothing")
    return written.encode()


def structure_xml(version: DataVersion, address: str = "") -> bytes:
    """SDMX-ML 3.0 structure message."""
    return _structure(version, "xml")


def structure_json(version: DataVersion, address: str = "") -> bytes:
    """SDMX-JSON 2.0 structure message."""
    return _structure(version, "json")


def data_csv(version: DataVersion, address: str = "") -> bytes:
    """SDMX-CSV 2.0: STRUCTURE, STRUCTURE_ID, ACTION, then the components."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    columns = version.structure["columns"]
    writer.writerow(["STRUCTURE", "STRUCTURE_ID", "ACTION", *(component(column) for column in columns)])
    flow = f"{AGENCY}:{artefact(version)}({semantic(version)})"
    writer.writerows(["dataflow", flow, "I", *(row[column["name"]] for column in columns)] for row in read(version.content))
    return stream.getvalue().encode()


def data_xml(version: DataVersion, address: str = "") -> bytes:
    """SDMX-ML 3.0 structure-specific data, flat. A component without a value is left out of its observation."""
    name, number = artefact(version), semantic(version)
    urn = f"urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow={AGENCY}:{name}({number})"
    space = f"{urn}:ObsLevelDim:AllDimensions"
    columns = [(component(column), column["name"]) for column in version.structure["columns"]]
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<mes:StructureSpecificData xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:mes="{_MESSAGE}" xmlns:com="{_COMMON}" '
        f'xmlns:ss="{_SPECIFIC}" xmlns:ns1={quoteattr(space)}>\n'
        f"<mes:Header><mes:ID>{message_id(version)}</mes:ID><mes:Test>false</mes:Test>"
        f'<mes:Prepared>{version.published_on.isoformat()}T00:00:00Z</mes:Prepared><mes:Sender id="{AGENCY}"/>'
        f'<mes:Structure structureID="{name}" namespace={quoteattr(space)} dimensionAtObservation="AllDimensions">'
        f"<com:StructureUsage>{urn}</com:StructureUsage></mes:Structure></mes:Header>\n"
        f'<mes:DataSet ss:structureRef="{name}" xsi:type="ns1:DataSetType" ss:dataScope="DataStructure" action="Information">\n'
    ]
    for row in read(version.content):
        parts.append("<Obs " + " ".join(f"{known}={quoteattr(row[own])}" for known, own in columns if row[own]) + "/>\n")
    parts.append("</mes:DataSet></mes:StructureSpecificData>\n")
    return "".join(parts).encode()
