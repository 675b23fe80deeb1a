"""The description of the API (OpenAPI), true to what is answered: errors are problem details, and there is no 422."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from vnsearch.web.answers import Problem

__all__ = ["describe", "problems"]


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what a route says of the errors that it answers with."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the description of an app's routes."""
    found = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    for operations in found["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)
    schemas = found["components"]["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = Problem.model_json_schema()
    return found
