"""What ISO 19115 asks of every record, and the order in which the schema of ISO 19139 wants it.

The sequences are those of the schema as the OGC keeps it (2006-05-04), by which the records of all outputs were
validated once.
"""

from twin.report.metadata import GCO, GMD

NAMES = {"gmd": GMD, "gco": GCO}
#: What ISO 19115 asks of every record (its core elements, table 3), as paths of ISO 19139.
REQUIRED = (
    "gmd:fileIdentifier/gco:CharacterString",
    "gmd:language/gmd:LanguageCode",
    "gmd:contact/gmd:CI_ResponsibleParty/gmd:role/gmd:CI_RoleCode",
    "gmd:dateStamp/gco:Date",
    "gmd:referenceSystemInfo/gmd:MD_ReferenceSystem/gmd:referenceSystemIdentifier/gmd:RS_Identifier/gmd:code",
    "gmd:identificationInfo/gmd:MD_DataIdentification/gmd:citation/gmd:CI_Citation/gmd:title",
    "gmd:identificationInfo/gmd:MD_DataIdentification/gmd:citation/gmd:CI_Citation/gmd:date/gmd:CI_Date/gmd:date/gco:Date",
    "gmd:identificationInfo/gmd:MD_DataIdentification/gmd:abstract/gco:CharacterString",
    "gmd:identificationInfo/gmd:MD_DataIdentification/gmd:resourceConstraints/gmd:MD_LegalConstraints/gmd:otherConstraints",
    "gmd:identificationInfo/gmd:MD_DataIdentification/gmd:language/gmd:LanguageCode",
    "gmd:identificationInfo/gmd:MD_DataIdentification/gmd:topicCategory/gmd:MD_TopicCategoryCode",
    "gmd:identificationInfo/gmd:MD_DataIdentification/gmd:extent/gmd:EX_Extent/gmd:geographicElement//gco:Decimal",
    "gmd:dataQualityInfo/gmd:DQ_DataQuality/gmd:scope/gmd:DQ_Scope/gmd:level/gmd:MD_ScopeCode",
    "gmd:dataQualityInfo/gmd:DQ_DataQuality/gmd:lineage/gmd:LI_Lineage/gmd:statement",
    "gmd:dataQualityInfo/gmd:DQ_DataQuality/gmd:lineage/gmd:LI_Lineage/gmd:processStep/gmd:LI_ProcessStep/gmd:description",
    "gmd:dataQualityInfo/gmd:DQ_DataQuality/gmd:lineage/gmd:LI_Lineage/gmd:source/gmd:LI_Source/gmd:description",
)
#: Order of children that the schema of ISO 19139 fixes (its sequences, those that are written here).
ORDER = {
    "MD_Metadata": "fileIdentifier language characterSet hierarchyLevel contact dateStamp metadataStandardName "
    "metadataStandardVersion locale referenceSystemInfo identificationInfo dataQualityInfo",
    "MD_DataIdentification": "citation abstract credit resourceConstraints language characterSet topicCategory extent",
    "LI_Lineage": "statement processStep source",
    "CI_Citation": "title date",
    "EX_GeographicBoundingBox": "westBoundLongitude eastBoundLongitude southBoundLatitude northBoundLatitude",
}


def faults(root):
    """What a record lacks or has in the wrong place."""
    found = [f"no {path}" for path in REQUIRED if root.find(path, NAMES) is None]
    for each in root.iter():
        name = each.tag.removeprefix(f"{{{GMD}}}")
        if name in ORDER:
            rank = [ORDER[name].split().index(child.tag.removeprefix(f"{{{GMD}}}")) for child in each]
            if rank != sorted(rank):
                found.append(f"children of {name} stand in another order than the schema's")
    return found
