"""The pipeline: each node that starts rfmpi hands on what run.json tells, and what reads its files waits for that."""

from kedro.pipeline import Pipeline, node

from segmentation import nodes


def register_pipelines():
    segmentation = Pipeline([
        node(nodes.segment_customers, "params:rfmpi", "report", name="segment_customers"),
        node(nodes.score_new_customers, ["params:rfmpi", "report"], "new_report", name="score_new_customers"),
        node(nodes.describe_segments, ["report", "new_report", "segments", "customers", "new_customers"], "overview",
             name="describe_segments"),
    ])
    store = Pipeline([node(nodes.store_segments, ["params:rfmpi", "report"], "stored", name="store_segments")])
    return {"__default__": segmentation, "store": segmentation.only_nodes("segment_customers") + store}
