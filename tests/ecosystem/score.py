"""Score rows by PMML documents with two engines that know nothing of rfmpi, and hold the documents against the schema:

    score.py JOBS.json

JOBS.json is a list of {"pmml": FILE, "rows": FILE.npy, "names": [...], "strict": bool}; one line of JSON is printed for it: for each,
{"fields": ..., "schema": [errors], "jpmml": {...}, "pmml4s": {...}}, where an engine tells segment, segment_name and distance of each row,
null where it refused the row. strict: JPMML is given NaN as a value, not as none. PMML4S takes rows as JSON, which has no infinity.
"""

import json
import math
import pathlib
import sys

import jpype
import numpy
import pandas
from jpmml_evaluator import make_evaluator
from jpmml_evaluator.jpype import JPypeBackend
from pypmml import Model
from pypmml.base import PMMLContext

OUTPUTS = ("segment", "segment_name", "distance")


def plain(value):
    value = value.item() if isinstance(value, numpy.generic) else value
    return None if value is None or (isinstance(value, float) and math.isnan(value)) else value


def tell(frame):
    return {name: [plain(value) for value in frame[name]] for name in OUTPUTS}


def errors_of_schema(document):
    """What the XSD that JPMML carries has against a document."""
    source = jpype.JClass("javax.xml.transform.stream.StreamSource")
    schema = jpype.JClass("org.dmg.pmml.PMML").class_.getResource("/pmml.xsd")
    factory = jpype.JClass("javax.xml.validation.SchemaFactory").newInstance("http://www.w3.org/2001/XMLSchema")
    try:
        factory.newSchema(schema).newValidator().validate(source(jpype.JClass("java.io.File")(document)))
    except jpype.JException as error:
        return [str(error)]
    return []


def predict_all(model, rows):
    """By JSON of our own: pypmml's of a DataFrame has ten digits."""
    data = [[None if math.isnan(value) else value for value in row] for row in rows.to_numpy().tolist()]
    told = json.loads(model.predict(json.dumps({"columns": list(rows.columns), "data": data})))
    return pandas.DataFrame(told["data"], columns=told["columns"])


def score(job):
    rows = pandas.DataFrame(numpy.load(job["rows"]), columns=job["names"])
    evaluator = make_evaluator(pathlib.Path(job["pmml"])).verify()
    told = {"fields": [field.getName() for field in evaluator.getInputFields()], "schema": errors_of_schema(job["pmml"]),
            "jpmml": tell(evaluator.evaluateAll(rows, nan_as_missing=not job["strict"]))}
    if not numpy.isinf(rows.to_numpy()).any():
        told["pmml4s"] = tell(predict_all(Model.fromFile(job["pmml"]), rows))
    return told


def main():
    jobs = json.loads(pathlib.Path(sys.argv[1]).read_text())
    JPypeBackend.ensureJVM()
    try:
        print(json.dumps([score(job) for job in jobs]))
    finally:
        PMMLContext.shutdown()


main()
