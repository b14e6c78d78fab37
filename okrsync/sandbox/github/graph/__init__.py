"""The GraphQL half of the GitHub sandbox: `endpoint` takes requests, `schema` holds the types, the rest resolves them.

The types are in `schema.graphql` beside this package, a true subset of GitHub's; `cost` is GitHub's arithmetic of
nodes and points.  Nothing here is imported from outside the sandbox.
"""
